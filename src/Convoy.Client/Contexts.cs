using System.Text.Json;
using System.Text.Json.Serialization;
using Convoy.Core.Documents;
using Convoy.Core.Languages;

namespace Convoy.Client;

/// <summary>A server that somebody signed in to. The token lies here, or in the file named.</summary>
public sealed record SavedContext(string Name, string Server, string? Token = null, string? TokenFile = null)
{
    /// <summary>Without the token: it must not reach a log.</summary>
    public override string ToString() => $"{Name} at {Server}";

    /// <summary>The token, or null where its file is gone or not ours to read.</summary>
    public string? ReadToken()
    {
        if (Token is not null || TokenFile is null) return Token;
        try
        {
            return File.ReadAllText(TokenFile).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>The saved contexts of a person: a file only they can read.</summary>
/// <param name="Current">Name of the one that is used where nothing else is said.</param>
public sealed record Contexts(string? Current, IReadOnlyList<SavedContext> Items)
{
    public static Contexts None { get; } = new(null, []);

    /// <summary><c>$XDG_CONFIG_HOME/convoy/contexts.json</c>.</summary>
    public static string DefaultFile()
    {
        var config = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
        if (string.IsNullOrEmpty(config)) config = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
        return Path.Combine(config, "convoy", "contexts.json");
    }

    /// <exception cref="BadFileException">The file is there and is not what <see cref="Write"/> writes.</exception>
    public static Contexts Read(string file)
    {
        if (!File.Exists(file)) return None;
        try
        {
            if (JsonSerializer.Deserialize(File.ReadAllBytes(file), ContextsJson.Default.Contexts) is not { Items: not null } contexts) return None;
            return contexts.Items.All(context => context is { Name: not null, Server: not null }) ? contexts : throw new JsonException("a context has no name or no server");
        }
        catch (JsonException e)
        {
            throw new BadFileException($"{file}, where contexts are saved, is damaged; remove it and sign in again", e);
        }
        catch (Exception e) when (FileException.Explains(e))
        {
            throw FileException.Reading($"{file}, where contexts are saved,", file, e);
        }
    }

    public SavedContext? CurrentContext => Items.FirstOrDefault(context => context.Name == Current);

    /// <summary>With this context, which becomes the current one.</summary>
    public Contexts With(SavedContext context) => new(context.Name, [.. Items.Where(other => other.Name != context.Name), context]);

    /// <summary>Whole or not at all, mode 0600.</summary>
    public void Write(string file)
    {
        try
        {
            WriteWhole(file);
        }
        catch (Exception e) when (FileException.Explains(e))
        {
            throw FileException.Writing($"{file}, where contexts are saved,", file, e);
        }
    }

    private void WriteWhole(string file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var unfinished = $"{file}.{Environment.ProcessId}.new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(unfinished, options))
        {
            JsonSerializer.Serialize(stream, this, ContextsJson.Default.Contexts);
            stream.Flush(flushToDisk: true);
        }

        File.Move(unfinished, file, overwrite: true);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(Contexts))]
internal sealed partial class ContextsJson : JsonSerializerContext;
