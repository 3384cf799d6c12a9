import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon";

interface Props {
  onClick?: (event: MouseEvent) => void;
  icon?: IconName;
  /** Said by screen readers and shown as a tooltip; needed where there is no text. */
  label?: string;
  kind?: "plain" | "primary" | "danger" | "quiet";
  type?: "button" | "submit";
  disabled?: boolean;
  children?: ComponentChildren;
}

export function Button(props: Props) {
  const { icon, label, kind = "plain", type = "button", children } = props;
  return (
    <button
      type={type}
      class={`button ${kind}${children ? "" : " icon-only"}`}
      onClick={props.onClick}
      disabled={props.disabled ?? false}
      title={label}
      aria-label={children ? undefined : label}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
