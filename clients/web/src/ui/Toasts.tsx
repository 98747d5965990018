import { IconButton } from "./IconButton";
import { dismiss, useToasts } from "./toasts";

export function Toasts() {
  const toasts = useToasts();
  return (
    <div aria-live="polite" className="pointer-events-none fixed right-4 bottom-16 z-[60] flex w-[min(380px,calc(100vw-32px))] flex-col gap-2 md:bottom-4">
      {toasts.map((toast) => (
        <div key={toast.id} role={toast.tone === "bad" ? "alert" : "status"} className="card pointer-events-auto flex items-start gap-3 p-3 shadow-xl">
          <span aria-hidden="true" className={`mt-1.5 size-2 shrink-0 rounded-full ${toast.tone === "bad" ? "bg-bad" : "bg-good"}`} />
          <div className="min-w-0 flex-1 break-words">
            <p className="font-medium">{toast.title}</p>
            {toast.hint && <p className="text-muted">{toast.hint}</p>}
          </div>
          <IconButton icon="x" label="Dismiss" className="-m-1.5" onClick={() => dismiss(toast.id)} />
        </div>
      ))}
    </div>
  );
}
