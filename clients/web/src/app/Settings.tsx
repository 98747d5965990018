import { useState } from "react";
import { Button } from "@/ui/Button";
import { Modal } from "@/ui/Modal";
import { Notice } from "@/ui/Notice";
import { notifySettings, saveSettings, type NotifySettings } from "./notify";

const CHOICES: [keyof NotifySettings, string, string][] = [
  ["decisions", "Decisions", "Approvals, questions, agents that wait for a start."],
  ["trouble", "Trouble", "Failed work, blocked landings, budgets reached, logins."],
  ["always", "Also while I look at Podium", "Otherwise only while its tab is in the background."],
];

/** What this browser notifies of, and whether it may. */
export function Settings({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [settings, setSettings] = useState(notifySettings);
  const change = (name: keyof NotifySettings, on: boolean) => {
    const next = { ...settings, [name]: on };
    saveSettings(next);
    setSettings(next);
  };
  return (
    <Modal open={open} onClose={onClose} title="Notifications" description="The inbox always has everything; this is what the browser tells you beside it.">
      <div className="space-y-4">
        <Permission />
        <div className="space-y-1">
          {CHOICES.map(([name, title, note]) => (
            <label key={name} className="row flex cursor-pointer items-start gap-2.5 p-2">
              <input type="checkbox" className="mt-0.5 accent-(--accent)" checked={settings[name]} onChange={(event) => change(name, event.target.checked)} />
              <span><span className="block font-medium">{title}</span><span className="text-muted">{note}</span></span>
            </label>
          ))}
        </div>
      </div>
    </Modal>
  );
}

function Permission() {
  const [permission, setPermission] = useState("Notification" in window ? Notification.permission : "denied");
  if (permission === "granted") return <Notice tone="good">This browser shows notifications of Podium.</Notice>;
  if (permission === "denied") return <Notice tone="wait">This browser does not let Podium notify you. Allow it in the settings of the site, beside the address.</Notice>;
  return (
    <Notice tone="live" action={<Button small kind="primary" onClick={() => void Notification.requestPermission().then(setPermission)}>Allow</Button>}>
      The browser asks first whether Podium may notify you.
    </Notice>
  );
}
