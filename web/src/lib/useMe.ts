/** Who is signed in; strangers are sent to the sign-in page. */

import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { api, ApiError, type User } from "../api";

export function useMe(): { user: User | null; failed: boolean } {
  const navigate = useNavigate();
  const [user, setUser] = useState<User | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    api.me().then(setUser, (error: unknown) => {
      if (error instanceof ApiError && error.status === 401) void navigate("/login", { replace: true, state: { to: window.location.pathname } });
      else setFailed(true);
    });
  }, [navigate]);
  return { user, failed };
}
