import { closeDialog, type DialogName } from "./dialogs";
import { CommandPalette } from "./CommandPalette";
import { NewProject } from "./NewProject";
import { NewTask } from "./NewTask";
import { Settings } from "./Settings";
import { Shortcuts } from "./Shortcuts";
import type { FormSpec } from "@/ui/form";
import FormModal from "@/ui/FormModal";

const DIALOGS = { palette: CommandPalette, task: NewTask, project: NewProject, help: Shortcuts, settings: Settings } as const;

/** What opens over a page: one of the dialogs, or the form of an action. */
export default function Dialogs({ dialog, form }: { dialog: DialogName | null; form: FormSpec | null }) {
  const Dialog = dialog ? DIALOGS[dialog] : null;
  return (
    <>
      {Dialog && <Dialog open onClose={closeDialog} />}
      {form && <FormModal key={form.title} form={form} />}
    </>
  );
}
