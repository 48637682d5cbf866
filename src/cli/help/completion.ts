import type { Help } from "./layout.ts";

export const HELP: Help = {
  usage: ["completion bash|zsh|fish"],
  description: "Print the completion script for a shell",
  flags: "\n",
  about: {},
  examples: [
    ["source <(husk completion bash)", "bash, for this session"],
    ["husk completion bash > /usr/share/bash-completion/completions/husk", "bash, for every user"],
    ['husk completion zsh > "${fpath[1]}/_husk"', "zsh"],
    ["husk completion fish > ~/.config/fish/completions/husk.fish", "fish"],
  ],
};
