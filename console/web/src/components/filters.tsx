import { useEffect, useRef, useState } from "preact/hooks";
import { PERIODS } from "../state/list-query";
import { route, setQuery } from "../state/router";
import { lookOf, STATES_OF_FILTER } from "../views/states";
import { Button } from "./button";
import { Icon } from "./icon";
import { useShortcuts } from "./shortcuts";

/** Ms without a key after which a typed filter holds. */
const TYPING_MS = 300;

/** What the list shows; everything stands in the address. */
export function Filters() {
  const { query } = route.value;
  const search = useRef<HTMLInputElement>(null);
  useShortcuts({ "/": () => search.current?.focus() });
  return (
    <search class="filters">
      <StateFilter chosen={query.getAll("state")} />
      <div class="filter-fields">
        <TextFilter name="q" label="Search name or id" input={search} icon />
        <TextFilter name="name" label="Name, such as report*" />
        <PeriodFilter />
      </div>
    </search>
  );
}

function StateFilter({ chosen }: { chosen: string[] }) {
  const toggle = (state: string) => {
    const rest = chosen.filter((one) => one !== state);
    setQuery({ state: rest.length < chosen.length ? rest : [...chosen, state], cursor: "" });
  };
  return (
    <div class="chips">
      <button
        type="button"
        aria-pressed={chosen.length === 0}
        onClick={() => setQuery({ state: "", cursor: "" })}
      >
        All
      </button>
      {STATES_OF_FILTER.map((state) => (
        <button
          key={state}
          type="button"
          class={`tone-${lookOf(state).tone}`}
          aria-pressed={chosen.includes(state)}
          onClick={() => toggle(state)}
        >
          <span class="glyph" aria-hidden="true">
            {lookOf(state).glyph}
          </span>
          {lookOf(state).label}
        </button>
      ))}
    </div>
  );
}

interface TextProps {
  name: string;
  label: string;
  icon?: boolean;
  input?: { current: HTMLInputElement | null };
}

function TextFilter({ name, label, icon = false, input }: TextProps) {
  const asked = route.value.query.get(name) ?? "";
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  useEffect(() => {
    if (text === asked) return;
    const timer = setTimeout(
      () => setQuery({ [name]: text, cursor: "" }, { replace: true }),
      TYPING_MS,
    );
    return () => clearTimeout(timer);
  }, [text, asked, name]);
  return (
    <span class={icon ? "text-filter with-icon" : "text-filter"}>
      {icon && <Icon name="search" />}
      <input
        type="search"
        ref={input ?? null}
        aria-label={label}
        placeholder={label}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </span>
  );
}

function PeriodFilter() {
  const { query } = route.value;
  const since = query.get("since") ?? "";
  const until = query.get("until") ?? "";
  const given = (since !== "" && !PERIODS[since]) || until !== "";
  const [open, setOpen] = useState(given);
  return (
    <>
      <select
        aria-label="Started"
        value={open ? "custom" : since}
        onChange={(event) => {
          const value = event.currentTarget.value;
          setOpen(value === "custom");
          if (value !== "custom") setQuery({ since: value, until: "", cursor: "" });
        }}
      >
        <option value="">Any time</option>
        {Object.entries(PERIODS).map(([key, { label }]) => (
          <option key={key} value={key}>
            {label}
          </option>
        ))}
        <option value="custom">From … to …</option>
      </select>
      {open && (
        <span class="period">
          {(["since", "until"] as const).map((name) => (
            <input
              key={name}
              type="datetime-local"
              aria-label={name === "since" ? "Started after" : "Started before"}
              value={PERIODS[query.get(name) ?? ""] ? "" : (query.get(name) ?? "")}
              onChange={(event) => setQuery({ [name]: event.currentTarget.value, cursor: "" })}
            />
          ))}
          <Button
            icon="close"
            kind="quiet"
            label="Any time"
            onClick={() => {
              setOpen(false);
              setQuery({ since: "", until: "", cursor: "" });
            }}
          />
        </span>
      )}
    </>
  );
}
