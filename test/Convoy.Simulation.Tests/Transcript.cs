using System.Globalization;
using System.Text;

namespace Convoy.Simulation.Tests;

/// <summary>Everything that happened, one line each.</summary>
internal sealed class Transcript(Timeline timeline)
{
    private readonly DateTimeOffset start = timeline.Now;
    private readonly List<string> lines = [];

    public void Write(string line) => lines.Add(string.Create(CultureInfo.InvariantCulture, $"{(timeline.Now - start).TotalSeconds,9:F3} {line}"));

    public string Tail(int count) => string.Join('\n', lines.TakeLast(count));

    public override string ToString() => lines.Aggregate(new StringBuilder(), (text, line) => text.Append(line).Append('\n')).ToString();
}
