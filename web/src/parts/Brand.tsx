import { Link } from "react-router";

export function Brand({ to = "/" }: { to?: string }) {
  return (
    <Link to={to} className="brand">
      <img src="/mark.svg" alt="" width="28" height="28" />
      Warmline
    </Link>
  );
}
