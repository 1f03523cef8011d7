import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Route, Routes } from "react-router";
import "./i18n";
import "./lib/comfort";
import "./theme/tokens.css";
import { Frame } from "./theme/Frame";

// One bundle per page: a caller's telephone loads nothing of the desk.
const CallerPage = lazy(() => import("./pages/Caller"));
const AgentPage = lazy(() => import("./pages/Agent"));
const LoginPage = lazy(() => import("./pages/Login"));
const ConversationsPage = lazy(() => import("./pages/Conversations"));
const ConversationPage = lazy(() => import("./pages/Conversation"));
const NotFoundPage = lazy(() => import("./pages/NotFound"));

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Frame>
      <BrowserRouter>
        <Suspense fallback={null}>
          <Routes>
            <Route path="/" element={<CallerPage />} />
            <Route path="/login" element={<LoginPage />} />
            <Route path="/agent" element={<AgentPage />} />
            <Route path="/conversations" element={<ConversationsPage />} />
            <Route path="/conversations/:id" element={<ConversationPage />} />
            <Route path="*" element={<NotFoundPage />} />
          </Routes>
        </Suspense>
      </BrowserRouter>
    </Frame>
  </StrictMode>,
);
