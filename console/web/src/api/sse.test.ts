import { expect, test } from "vitest";
import { parseBlock, serverEvents } from "./sse";

test("an event has id, name and data; comments are none", () => {
  expect(parseBlock("id: 1-0\nevent: change\ndata: {}")).toEqual({
    id: "1-0",
    event: "change",
    data: "{}",
  });
  expect(parseBlock(": heartbeat")).toBeNull();
  expect(parseBlock("event: reset")?.event).toBe("reset");
});

test("events that come in pieces, also within a character, are put together", async () => {
  const bytes = new TextEncoder().encode(": hi\n\nid: 1\ndata: é\n\nid: 2\ndata: b\n\n");
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const seen = [];
  for await (const event of serverEvents(body)) seen.push(event.data);
  expect(seen).toEqual(["é", "b"]);
});
