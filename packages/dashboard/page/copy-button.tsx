// A button that puts a text on the clipboard and says that it did.

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Icon } from './icon.jsx';

interface CopyButtonProps {
  text: () => string;
  /** For screen readers, and the tool tip where there is no caption. */
  label: string;
  /** Without one the button is an icon only. */
  caption?: string;
  disabled?: boolean;
}

const SHOWN_FOR = 1600;

export function CopyButton({ text, label, caption, disabled }: CopyButtonProps) {
  const done = useSignal<'copied' | 'failed' | undefined>(undefined);
  useEffect(() => {
    if (done.value === undefined) return;
    const timer = setTimeout(() => (done.value = undefined), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [done, done.value]);

  const copy = async () => {
    done.value = (await toClipboard(text())) ? 'copied' : 'failed';
  };
  return (
    <button
      type="button"
      class={caption === undefined ? 'button quiet icon' : 'button quiet'}
      aria-label={label}
      title={label}
      disabled={disabled}
      data-done={done.value}
      onClick={() => void copy()}
    >
      {done.value === 'copied' ? <Tick /> : <Sheets />}
      {caption !== undefined && <span>{caption}</span>}
      <span class="unseen" role="status">
        {done.value === 'copied' ? 'Copied' : done.value === 'failed' ? 'Could not copy' : ''}
      </span>
    </button>
  );
}

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Pages from plain http:// on another machine get no clipboard API. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  document.body.append(area);
  const focused = document.activeElement;
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}

function Sheets() {
  return (
    <Icon>
      <rect x="5.75" y="5.75" width="7.5" height="7.5" rx="1.5" />
      <path d="M10.25 3.5v-.25a.5.5 0 0 0-.5-.5h-6.5a.5.5 0 0 0-.5.5v6.5a.5.5 0 0 0 .5.5h.25" />
    </Icon>
  );
}

function Tick() {
  return (
    <Icon line={2}>
      <path d="m3 8.5 3.25 3.25L13 5" />
    </Icon>
  );
}
