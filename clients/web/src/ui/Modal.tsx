import * as Dialog from "@radix-ui/react-dialog";
import type { ReactNode } from "react";
import { IconButton } from "./IconButton";

interface Props {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: string;
  children: ReactNode;
}

export function Modal({ open, onClose, title, description, children }: Props) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Content {...(description ? {} : { "aria-describedby": undefined })}
          className="card fixed top-[8vh] left-1/2 z-50 max-h-[84vh] w-[min(600px,calc(100vw-24px))] -translate-x-1/2 overflow-y-auto p-5 shadow-2xl focus:outline-none">
          <div className="mb-4 flex items-start gap-3">
            <div className="flex-1">
              <Dialog.Title className="text-base font-semibold">{title}</Dialog.Title>
              {description && <Dialog.Description className="mt-0.5 text-muted">{description}</Dialog.Description>}
            </div>
            <Dialog.Close asChild><IconButton icon="x" label="Close" className="-mt-1 -mr-1" /></Dialog.Close>
          </div>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
