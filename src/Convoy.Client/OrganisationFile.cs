using Convoy.Core.Queues;

namespace Convoy.Client;

/// <summary>The organisation's file: the same YAML as a job file's.</summary>
public static class OrganisationFile
{
    /// <summary>The organisation, or all of the file's problems with line and column.</summary>
    public static OrganisationReading Read(string text)
    {
        var document = YamlDocument.Read(text);
        return document.Root is { } root
            ? OrganisationReader.Read(root)
            : new OrganisationReading(null, [document.Problem!]);
    }
}
