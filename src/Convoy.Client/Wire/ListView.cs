namespace Convoy.Client.Wire;

/// <summary>A page of a list, as every list of the API is answered.</summary>
public interface IListView<out T>
{
    IReadOnlyList<T> Items { get; }

    /// <summary>Where to read on; null at the end.</summary>
    string? Next { get; }
}
