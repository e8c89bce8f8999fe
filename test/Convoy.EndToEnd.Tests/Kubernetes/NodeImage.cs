using System.Formats.Tar;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Convoy.EndToEnd.Tests.Kubernetes;

/// <summary>One image for everything that runs on a real node, from this machine's own files: a shell, Python, and this build's agent with its runtime.</summary>
internal static class NodeImage
{
    public const string Name = "convoy.test/image:1";

    private static readonly string[] Programs = ["/bin/sh", "/bin/sleep", "/usr/bin/python3"];

    /// <summary>What the runtime opens by name.</summary>
    private static readonly string[] Opened = ["libssl.so.3", "libcrypto.so.3", "libgcc_s.so.1", "libstdc++.so.6"];

    public static string? Missing() => Programs.FirstOrDefault(program => !File.Exists(program));

    public static async Task WriteAsync(string file)
    {
        var layer = $"{file}.layer";
        await using (var tar = new TarWriter(File.Create(layer), TarEntryFormat.Pax)) await WriteLayerAsync(tar);
        string digest;
        await using (var written = File.OpenRead(layer)) digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(written));
        await using var image = new TarWriter(File.Create(file), TarEntryFormat.Pax);
        await WriteAsync(image, "manifest.json", new JsonArray(new JsonObject { ["Config"] = "config.json", ["RepoTags"] = new JsonArray(Name), ["Layers"] = new JsonArray("layer.tar") }));
        await WriteAsync(image, "config.json", new JsonObject
        {
            ["architecture"] = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "amd64" : "arm64", ["os"] = "linux",
            ["config"] = new JsonObject { ["Env"] = new JsonArray("PATH=/bin:/usr/bin:/agent", "DOTNET_ROOT=/runtime"), ["Cmd"] = new JsonArray("/bin/sleep", "infinity") },
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray($"sha256:{digest}") },
        });
        await image.WriteEntryAsync(layer, "layer.tar");
        File.Delete(layer);
    }

    private static async Task WriteLayerAsync(TarWriter tar)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var program in Programs) files[program] = program;
        var python = (await MadePackages.RunAsync("/usr/bin/python3", "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))")).Trim();
        AddFolder(python, python);
        AddFolder(Path.GetDirectoryName(BuiltPrograms.Agent)!, "/agent");
        var runtime = Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory());
        var dotnet = Path.GetFullPath(Path.Combine(runtime, "../../.."));
        AddFolder(Path.Combine(dotnet, "host"), "/runtime/host");
        AddFolder(runtime, $"/runtime/shared/Microsoft.NETCore.App/{Path.GetFileName(runtime)}");
        AddFolder(Path.Combine(dotnet, "shared", "Microsoft.AspNetCore.App"), "/runtime/shared/Microsoft.AspNetCore.App");
        var libraries = await LibrariesAsync([.. Programs, BuiltPrograms.Agent, Path.Combine(runtime, "libcoreclr.so")]);
        foreach (var library in libraries) files[library] = library;
        var system = Path.GetDirectoryName(libraries.First(library => Path.GetFileName(library).StartsWith("libc.so", StringComparison.Ordinal)))!;
        foreach (var library in Opened.Select(name => Path.Combine(system, name)).Where(File.Exists)) files[library] = library;

        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "tmp/") { Mode = (UnixFileMode)0x3FF });
        await WriteAsync(tar, "etc/passwd", "root:x:0:0:root:/:/bin/sh\n");
        await WriteAsync(tar, "etc/nsswitch.conf", "hosts: files dns\n");
        foreach (var (target, source) in files)
        {
            await using var content = File.OpenRead(source);
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, target[1..]) { DataStream = content, Mode = File.GetUnixFileMode(source), ModificationTime = File.GetLastWriteTimeUtc(source) });
        }

        void AddFolder(string from, string to)
        {
            foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) is not (".xml" or ".pdb" or ".a"))) files[to + file[from.Length..]] = file;
        }
    }

    /// <summary>Where the loader finds what they need; the loader itself too.</summary>
    private static async Task<string[]> LibrariesAsync(string[] programs) =>
        [.. (await MadePackages.RunAsync("ldd", programs)).Split((char[])[' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries).Where(word => word.StartsWith('/') && !word.EndsWith(':')).Distinct()];

    private static Task WriteAsync(TarWriter tar, string name, JsonNode content) => WriteAsync(tar, name, content.ToJsonString());

    private static async Task WriteAsync(TarWriter tar, string name, string content)
    {
        using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(content));
        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = bytes });
    }
}
