namespace Convoy.Cli.Output;

/// <summary>Names and values in two columns; what has no value is left out.</summary>
internal sealed class Facts
{
    private readonly List<(string Name, string Value)> facts = [];

    public void Add(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) facts.Add((name, Printable.Of(value)));
    }

    public void Write(TextWriter writer)
    {
        var width = facts.Max(fact => fact.Name.Length);
        foreach (var (name, value) in facts) writer.Write($"{(name + ":").PadRight(width + 2)}{value}\n");
    }
}
