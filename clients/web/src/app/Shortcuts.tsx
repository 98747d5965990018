import { Kbd } from "@/ui/Kbd";
import { Modal } from "@/ui/Modal";

const KEYS: [string[], string][] = [
  [["Ctrl", "K"], "Everything: pods, projects, actions"],
  [["c"], "New task"],
  [["/"], "Search"],
  [["g", "b"], "Board"],
  [["g", "i"], "Inbox"],
  [["j", "k"], "Next, previous on the board and in lists"],
  [["Enter"], "Open"],
  [["1", "…", "7"], "A pod's tabs"],
  [["[", "]"], "Back and forth in a pod's history"],
  [["Ctrl", "Shift", "K"], "Everything, from inside a terminal"],
  [["F6"], "Out of a terminal"],
  [["t"], "Light or dark"],
  [["?"], "This list"],
];

export function Shortcuts({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Modal open={open} onClose={onClose} title="Keyboard">
      <dl className="divide-y divide-line">
        {KEYS.map(([keys, text]) => (
          <div key={text} className="flex items-center justify-between py-2">
            <dt>{text}</dt>
            <dd className="flex gap-1">{keys.map((key) => <Kbd key={key}>{key}</Kbd>)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
