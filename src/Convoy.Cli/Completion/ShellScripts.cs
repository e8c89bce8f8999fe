namespace Convoy.Cli.Completion;

/// <summary>
/// What a shell is told once. Each asks <c>convoy __complete</c>, whose first line says what is wanted (<c>:words</c>, <c>:files</c>,
/// <c>:folders</c>) and whose others are the words, followed by a tab and a description where the shell shows one. Whatever
/// goes wrong is kept from the prompt.
/// </summary>
internal static class ShellScripts
{
    public static string Of(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        _ => Fish,
    };

    private const string Bash = """
        # bash completion for convoy; to load it: source <(convoy completion bash)
        _convoy() {
          local line kind='' program=${COMP_WORDS[0]/#\~/$HOME}
          COMPREPLY=()
          while IFS= read -r line; do
            if [ -z "$kind" ]; then kind=$line; else COMPREPLY+=("$line"); fi
          done < <("$program" __complete bash -- "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
          case $kind in
            :files) compopt -o default 2>/dev/null ;;
            :folders) compopt -o nospace -o dirnames 2>/dev/null ;;
          esac
        }
        complete -F _convoy convoy

        """;

    private const string Zsh = """
        #compdef convoy
        # zsh completion for convoy; to load it: source <(convoy completion zsh), after compinit
        _convoy() {
          local -a lines values shown
          local line program=${(Q)words[1]}
          program=${program/#\~/$HOME}
          lines=("${(@f)$("$program" __complete zsh -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
          case ${lines[1]} in
            :files) _files; return ;;
            :folders) _files -/; return ;;
          esac
          for line in "${(@)lines[2,-1]}"; do
            values+=("${line%%$'\t'*}")
            shown+=("${line/$'\t'/  -- }")
          done
          (( ${#values} )) && compadd -l -d shown -a values
        }
        if [ "${funcstack[1]}" = _convoy ]; then _convoy "$@"; else compdef _convoy convoy; fi

        """;

    private const string Fish = """
        # fish completion for convoy; to load it: convoy completion fish | source
        function __convoy_complete
            set -l words (commandline -opc)
            set -l current (commandline -ct)
            set -l lines ($words[1] __complete fish -- $words[2..-1] "$current" 2>/dev/null)
            switch "$lines[1]"
                case :files
                    __fish_complete_path "$current"
                case :folders
                    __fish_complete_directories "$current" ''
                case '*'
                    set -e lines[1]
                    for line in $lines
                        printf '%s\n' $line
                    end
            end
        end
        complete -c convoy -f -a '(__convoy_complete)'

        """;
}
