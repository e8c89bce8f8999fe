namespace Convoy.Core.Languages;

/// <summary>An exception whose message is for people, whatever their language.</summary>
public interface IExplained
{
    Text Explanation { get; }
}
