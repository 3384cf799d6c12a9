import { render } from "preact";
import { loadConfig } from "./api/config";
import { App } from "./app";
import { takeTokenFromAddress } from "./state/session";
import "./styles/index.css";

takeTokenFromAddress();
await loadConfig();
const root = document.getElementById("app");
if (root) render(<App />, root);
