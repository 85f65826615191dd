import { expect, test } from "bun:test";
import { BodyBudget } from "../../src/core/body-budget.ts";

const requestOf = () => new Request("http://host/");

test("bodies are let in until they fill the budget together, and again when some are over", () => {
  const budget = new BodyBudget(100);
  const [first, second, third] = [requestOf(), requestOf(), requestOf()];
  expect(budget.take(first, 60)).toBe(true);
  expect(budget.take(second, 40)).toBe(true);
  expect(budget.take(third, 1)).toBe(false);
  budget.give(first);
  expect(budget.take(third, 60)).toBe(true);
  expect(budget.take(third, 1)).toBe(false);
});

test("a body that grows is counted as it grows, and given back as a whole", () => {
  const budget = new BodyBudget(100);
  const [first, second] = [requestOf(), requestOf()];
  for (let count = 0; count < 10; count++) expect(budget.take(first, 9)).toBe(true);
  expect(budget.take(second, 11)).toBe(false);
  budget.give(first);
  expect(budget.take(second, 100)).toBe(true);
});

test("one alone may be larger than the budget: else it could never come", () => {
  const budget = new BodyBudget(100);
  const [first, second] = [requestOf(), requestOf()];
  expect(budget.take(first, 90)).toBe(true);
  expect(budget.take(first, 90)).toBe(true);
  expect(budget.take(second, 1)).toBe(false);
});

test("what took nothing gives nothing back, and nobody gives twice", () => {
  const budget = new BodyBudget(100);
  const [first, second] = [requestOf(), requestOf()];
  budget.take(first, 100);
  budget.give(second);
  expect(budget.take(second, 1)).toBe(false);
  budget.give(first);
  budget.give(first);
  expect(budget.take(first, 100)).toBe(true);
  expect(budget.take(second, 1)).toBe(false);
});
