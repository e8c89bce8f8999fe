using System.CommandLine;

namespace Convoy.Cli;

/// <summary>A command that does something, with examples for its help.</summary>
internal sealed class Verb : Command
{
    /// <summary>The parser takes a command that has others below it and no action for unfinished.</summary>
    public Verb(string name, string description)
        : base(name, description) => SetAction(_ => ExitCodes.Success);

    public required IReadOnlyList<string> Examples { get; init; }

    /// <summary>More than the one line; null where that says all.</summary>
    public string? About { get; init; }

    /// <summary>Verbs that go with it, as typed after <c>convoy</c>.</summary>
    public IReadOnlyList<string> SeeAlso { get; init; } = [];

    /// <summary>Exit codes besides those that every verb may end with.</summary>
    public IReadOnlyList<int> Exits { get; init; } = [];

    /// <summary>May be followed by <c>--</c> and a command line that is not Convoy's.</summary>
    public bool TakesCommand { get; init; }

    /// <summary>Flags whose feature does not exist yet; they are refused as such, not as misspelt.</summary>
    public IReadOnlyList<string> LaterFlags { get; init; } = [];

    /// <summary>Returns the exit code.</summary>
    public required Func<Call, CancellationToken, Task<int>> Body { get; init; }
}
