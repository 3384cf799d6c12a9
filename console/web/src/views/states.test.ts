import { expect, test } from "vitest";
import { STEP_STATES, WORKFLOW_STATES } from "../wire/facts";
import { STATES_BY_URGENCY, STATES_OF_FILTER } from "./states";

test("the orders have every state of the engine once", () => {
  expect(STATES_OF_FILTER.toSorted()).toEqual(WORKFLOW_STATES.toSorted());
  expect(STATES_BY_URGENCY.toSorted()).toEqual(STEP_STATES.toSorted());
});
