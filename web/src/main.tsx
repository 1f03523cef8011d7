import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Route, Routes } from "react-router";
import "./i18n";
import "./styles.css";
import { AgentPage } from "./pages/Agent";
import { CallerPage } from "./pages/Caller";
import { ConversationPage } from "./pages/Conversation";
import { ConversationsPage } from "./pages/Conversations";
import { LoginPage } from "./pages/Login";
import { NotFoundPage } from "./pages/NotFound";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <BrowserRouter>
      <Routes>
        <Route path="/" element={<CallerPage />} />
        <Route path="/login" element={<LoginPage />} />
        <Route path="/agent" element={<AgentPage />} />
        <Route path="/conversations" element={<ConversationsPage />} />
        <Route path="/conversations/:id" element={<ConversationPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </BrowserRouter>
  </StrictMode>,
);
