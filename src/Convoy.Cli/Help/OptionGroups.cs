namespace Convoy.Cli.Help;

/// <summary>Under which heading an option stands in a page of help.</summary>
internal static class OptionGroups
{
    private static readonly (string Title, string[] Names)[] Groups =
    [
        ("Resources", ["--gpus", "--nodes", "--cpu", "--memory", "--shm", "--image", "--accelerator"]),
        ("Code and environment", ["--workdir", "--no-code", "--env", "--secret", "--data", "--volume"]),
        ("Limits", ["--max-duration", "--max-restarts", "--max-gpus", "--max-gpus-per-job", "--max-running", "--max-submitted", "--min-run-time"]),
        ("Output", ["--output", "--limit", "--after", "--watch", "--follow"]),
    ];

    public static string Of(string option) => Array.Find(Groups, group => group.Names.Contains(option)) is { Title: { } title } ? title : "Options";
}
