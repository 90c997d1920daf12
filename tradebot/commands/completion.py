"""tradebot completion"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions

#: They call ``tradebot`` with the variables that Typer completes by. Only its answer may reach the prompt.
_BASH = r"""
_tradebot_completion() {
    local IFS=$'\n'
    COMPREPLY=( $(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \
        _TRADEBOT_COMPLETE=complete_bash "$1" 2>/dev/null) )
    if [[ "${COMPREPLY[0]-}" == */* ]]; then compopt -o filenames 2>/dev/null; fi
    return 0
}
complete -o default -F _tradebot_completion tradebot
"""
_ZSH = r"""
#compdef tradebot
_tradebot_completion() {
    local answer
    answer="$(_TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _TRADEBOT_COMPLETE=complete_zsh "${words[1]}" 2>/dev/null)"
    eval "$answer"
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _tradebot_completion tradebot
"""
_FISH = r"""
function __tradebot_completion
    set -lx _TYPER_COMPLETE_ARGS (commandline -cp)
    set -lx _TYPER_COMPLETE_FISH_ACTION $argv[1]
    set -lx _TRADEBOT_COMPLETE complete_fish
    (commandline -opc)[1] 2>/dev/null
end
complete --command tradebot --no-files --condition '__tradebot_completion is-args' \
    --arguments '(__tradebot_completion get-args)'
"""
_POWERSHELL = r"""
Register-ArgumentCompleter -Native -CommandName tradebot -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $Env:_TRADEBOT_COMPLETE = 'complete_powershell'
    $Env:_TYPER_COMPLETE_ARGS = $commandAst.ToString()
    $Env:_TYPER_COMPLETE_WORD_TO_COMPLETE = $wordToComplete
    try {
        & $commandAst.CommandElements[0].Value 2>$null | ForEach-Object {
            $text, $help = $_ -split ':::', 2
            if ($text -match '\s') { $quoted = "'$text'" } else { $quoted = $text }
            if (-not "$help".Trim()) { $help = $text }
            [System.Management.Automation.CompletionResult]::new($quoted, $text, 'ParameterValue', $help)
        }
    } finally {
        Remove-Item Env:_TRADEBOT_COMPLETE, Env:_TYPER_COMPLETE_ARGS, Env:_TYPER_COMPLETE_WORD_TO_COMPLETE
    }
}
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}


@decorator.command(
    "completion",
    writes="nothing.",
    examples=(
        "tradebot completion bash >> ~/.bashrc",
        "tradebot completion zsh >> ~/.zshrc",
        "tradebot completion fish > ~/.config/fish/completions/tradebot.fish",
        "tradebot completion powershell >> $PROFILE",
    ),
)
def command(
    options: GlobalOptions,
    shell: Annotated[Literal["bash", "zsh", "fish", "powershell"], typer.Argument(help="Your shell.")],
) -> ExitCode:
    """Print what makes a shell complete at TAB.

    It completes commands, options, symbols, strategies and homes. A TAB runs no strategy, sends nothing and takes no
    lock. A new shell has it; where `tradebot` is called by its path, TAB works the same.
    """
    from tradebot.commands import render
    from tradebot.reports.streams import emit

    script = _SCRIPTS[shell].lstrip("\n")
    if options.json:
        return render.show_result(options, "completion", (), shell=shell, script=script)
    emit(script)
    return ExitCode.OK
