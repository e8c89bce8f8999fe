using Spectre.Console;

namespace Convoy.Cli.Output;

/// <summary>Names and values in two columns; what has no value is left out.</summary>
internal sealed class Facts
{
    private readonly List<(string Name, string Value)> facts = [];

    /// <summary>A value that is the same in every language.</summary>
    public void Add(Text name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) facts.Add((name.Said(), Printable.Of(value)));
    }

    public void Tell(Text name, Text? value) => Add(name, value?.Said());

    public void Write(TextWriter writer)
    {
        var width = facts.Max(fact => fact.Name.GetCellWidth());
        foreach (var (name, value) in facts) writer.Write($"{name}:{new string(' ', width + 1 - name.GetCellWidth())}{value}\n");
    }
}
