using System.Text.Json;
using Convoy.Core.Documents;
using Convoy.Core.Jobs;
using Convoy.Core.Jobs.Reading;
using Convoy.Core.Json;

namespace Convoy.Client;

/// <summary>The job file: YAML 1.2 (core schema) without anchors, tags and merge keys.</summary>
public static class JobFile
{
    /// <summary>The spec, or all of the file's problems with line and column.</summary>
    public static SpecReading Read(string text)
    {
        var document = YamlDocument.Read(text);
        return document.Root is { } root
            ? JobSpecReader.Read(root)
            : new SpecReading(null, [document.Problem!]);
    }

    /// <summary>A file that reads as this spec.</summary>
    public static string ToYaml(JobSpec spec)
    {
        using var json = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(spec, CoreJson.Default.JobSpec));
        return YamlWriter.Write(json.RootElement);
    }
}
