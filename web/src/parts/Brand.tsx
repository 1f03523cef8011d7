import { Link } from "react-router";
import css from "./Brand.module.css";

export function Brand({ to = "/" }: { to?: string }) {
  return (
    <Link to={to} className={css["brand"]!} aria-label="Warmline">
      <img src="/mark.svg" alt="" width="28" height="28" />
      <span>Warmline</span>
    </Link>
  );
}
