namespace Convoy.Core.Documents;

/// <summary>A value of a document before anybody knows what it means. Line and column count from 1; 0 where the source has none.</summary>
public abstract record DocumentNode(int Line, int Column);

/// <param name="Text">As written: numbers keep their digits, so that nothing is rounded.</param>
public sealed record ScalarNode(string Text, ScalarKind Kind, int Line, int Column) : DocumentNode(Line, Column);

public sealed record SequenceNode(IReadOnlyList<DocumentNode> Items, int Line, int Column) : DocumentNode(Line, Column);

/// <param name="Entries">In file order; a key may come twice, and the binder says so.</param>
public sealed record MappingNode(IReadOnlyList<MappingEntry> Entries, int Line, int Column) : DocumentNode(Line, Column);

public sealed record MappingEntry(string Key, int Line, int Column, DocumentNode Value);

public enum ScalarKind
{
    Text,
    Number,
    Boolean,
    Null,
}

/// <summary>A document's root, or why it has none.</summary>
public sealed record DocumentReading(DocumentNode? Root, Jobs.SpecProblem? Problem)
{
    public static DocumentReading Broken(Languages.Text message, int line = 0, int column = 0) => new(null, new Jobs.SpecProblem("", "Syntax", message, line, column));
}
