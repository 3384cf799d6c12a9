/** Flows to begin with: they run with the built-in tasks, or with those of `make demo`. */
export const EXAMPLES = [
  {
    title: "Wait a little, then go on",
    text: "# wait:delay is built in: it needs no worker of yours.\nwait:delay(- duration: 3 -) → {\n  wait:delay(- duration: 2 -)\n  wait:delay(- duration: 5 -)\n} → wait:delay(- duration: 1 -)\n",
    input: '{"hello": "world"}',
  },
  {
    title: "Wait for an event",
    text: "# Sent from the page Waiting, or: python -m littleflow_redis event approved\nwait:event(- event: approved -) → wait:delay(- duration: 2 -)\n",
    input: "",
  },
  {
    title: "The demo: reviews",
    text: "# The tasks of examples/demo, which `make up` serves.\n@flow reviews (- product: kettle -)\n\nfetch → clean → {\n  rate\n  topics(- most: 4 -)\n  quote\n} → >report → publish\n",
    input: "",
  },
];
