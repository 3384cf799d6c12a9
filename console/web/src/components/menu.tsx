import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "./button";
import { Icon, type IconName } from "./icon";

export interface Item {
  text: string;
  icon?: IconName;
  danger?: boolean;
  disabled?: boolean;
  checked?: boolean;
  onClick: () => void;
}

interface Props {
  label: string;
  items: Item[];
  icon?: IconName;
  children?: ComponentChildren;
}

/** A button with a menu: arrows move, Escape and a click elsewhere close. */
export function Menu({ label, items, icon = "more", children }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", elsewhere);
    buttons(root.current)[0]?.focus();
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, [open]);
  const close = () => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>(".button")?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the menu inside
    <div class="menu" ref={root} onKeyDown={(event) => moveFocus(event, root.current, close)}>
      <Button icon={icon} kind="quiet" label={label} onClick={() => setOpen(!open)}>
        {children}
      </Button>
      {open && (
        <div class="menu-items" role="menu" aria-label={label}>
          {items.map((item) => (
            <MenuItem
              key={item.text}
              item={item}
              act={() => {
                close();
                item.onClick();
              }}
            />
          ))}
        </div>
      )}
    </div>
  );
}

function MenuItem({ item, act }: { item: Item; act: () => void }) {
  const radio = item.checked !== undefined;
  return (
    <button
      type="button"
      {...(radio ? { role: "menuitemradio", "aria-checked": item.checked } : { role: "menuitem" })}
      class={item.danger ? "danger" : ""}
      disabled={item.disabled ?? false}
      onClick={act}
    >
      {item.icon && <Icon name={item.icon} />}
      <span>{item.text}</span>
      {item.checked && <Icon name="check" />}
    </button>
  );
}

function buttons(root: HTMLElement | null): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>(".menu-items button:not(:disabled)") ?? [])];
}

function moveFocus(event: KeyboardEvent, root: HTMLElement | null, close: () => void): void {
  const all = buttons(root);
  if (!all.length) return;
  const here = all.indexOf(document.activeElement as HTMLElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") close();
  else if (step) all[(here + step + all.length) % all.length]?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
