// @vitest-environment jsdom
import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { closeDialog, useDialog } from "@/app/dialogs";
import { useShortcuts } from "@/app/useShortcuts";

const navigate = vi.hoisted(() => vi.fn());
vi.mock("@tanstack/react-router", () => ({ useNavigate: () => navigate }));
// It asks the browser which theme the system has.
vi.mock("@/app/theme", () => ({ toggleTheme: vi.fn() }));

function Shortcuts() {
  useShortcuts();
  return <p>{useDialog() ?? "no dialog"}</p>;
}

/** A key, so many milliseconds after the page began. */
function press(key: string, timeStamp: number) {
  const event = new KeyboardEvent("keydown", { key });
  Object.defineProperty(event, "timeStamp", { value: timeStamp });
  act(() => void window.dispatchEvent(event));
}

beforeEach(() => {
  navigate.mockReset();
  act(() => closeDialog());
  render(<Shortcuts />);
});
afterEach(cleanup);

it("the first key of a page that has just begun is a key like any other", () => {
  press("c", 300);
  expect(screen.getByText("task")).toBeTruthy();
});

it("after g comes the place to go to, soon", () => {
  press("g", 300);
  press("i", 600);
  expect(navigate).toHaveBeenCalledExactlyOnceWith({ to: "/inbox" });
});

it("a key long after g is on its own", () => {
  press("g", 300);
  press("c", 2000);
  expect(navigate).not.toHaveBeenCalled();
  expect(screen.getByText("task")).toBeTruthy();
});
