// Where the method is typed, with the server's methods to choose from (the "combobox" pattern of WAI-ARIA 1.2).

import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';

interface MethodBoxProps {
  value: ReadonlySignal<string>;
  methods: ReadonlySignal<readonly string[]>;
  onInput: (method: string) => void;
  /** One was taken from the list. */
  onChoose: (method: string) => void;
}

export function MethodBox({ value, methods, onInput, onChoose }: MethodBoxProps) {
  const open = useSignal(false);
  const active = useSignal(-1);
  const list = useRef<HTMLUListElement>(null);
  // A method that is already complete does not narrow the list: it may be there to be changed.
  const offered = useComputed(() =>
    methods.value.includes(value.value)
      ? methods.value
      : methods.value.filter((one) => one.toLowerCase().includes(value.value.trim().toLowerCase())),
  );

  const close = () => {
    open.value = false;
    active.value = -1;
  };
  const show = () => {
    open.value = true;
    active.value = offered.value.indexOf(value.value);
  };
  const choose = (method: string) => {
    close();
    onChoose(method);
  };
  const move = (step: number) => {
    const count = offered.value.length;
    if (count === 0) return;
    if (!open.value) show();
    else if (active.value < 0) active.value = step > 0 ? 0 : count - 1;
    else active.value = (active.value + step + count) % count;
    list.current?.children[active.value]?.scrollIntoView({ block: 'nearest' });
  };
  const press = (event: KeyboardEvent) => {
    const chosen = offered.value[active.value];
    if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else if (event.key === 'Escape' && open.value) close();
    else if (event.key === 'Enter' && open.value && chosen !== undefined) choose(chosen);
    else return;
    event.preventDefault();
  };

  const shown = open.value && offered.value.length > 0;
  return (
    <div class="combo">
      <input
        id="method"
        class="field mono"
        type="text"
        role="combobox"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        required
        aria-expanded={shown}
        aria-controls="method-list"
        aria-autocomplete="list"
        aria-activedescendant={shown && active.value >= 0 ? `method-${active.value}` : undefined}
        aria-describedby="method-about"
        value={value}
        onInput={(event) => {
          onInput(event.currentTarget.value);
          open.value = true;
          active.value = -1;
        }}
        onClick={show}
        onBlur={close}
        onKeyDown={press}
      />
      <ul ref={list} id="method-list" class="combo-list" role="listbox" aria-label="Methods" hidden={!shown}>
        {offered.value.map((method, index) => (
          <li
            key={method}
            id={`method-${index}`}
            role="option"
            aria-selected={index === active.value}
            // Keeps the focus in the box.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(method)}
          >
            {method}
          </li>
        ))}
      </ul>
    </div>
  );
}
