using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using Convoy.Clusters.Kubernetes;
using Convoy.Objects;

namespace Convoy.Agent;

/// <summary>What the program does besides keeping a cluster.</summary>
internal static class PodVerbs
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(5);

    /// <summary>Null where the arguments are none of these.</summary>
    public static async Task<int?> RunAsync(string[] args, TimeProvider time, CancellationToken cancellationToken)
    {
        switch (args)
        {
            case ["crd"]:
                await Console.Out.WriteLineAsync(TrainingJobSchema.Definition().ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }));
                return 0;
            case ["fetch-code", var sha256, var folder]:
                return await FetchAsync(sha256, folder, time, cancellationToken);
            case ["fetch-code", ..]:
                await Console.Error.WriteLineAsync("error[Usage]: convoy-agent fetch-code SHA256 FOLDER");
                return 2;
            default:
                return null;
        }
    }

    /// <summary>The server may be starting anew just now; a pod that fails would cost the whole gang.</summary>
    private static async Task<int> FetchAsync(string sha256, string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        var (server, token) = (Environment.GetEnvironmentVariable("CONVOY_SERVER"), Environment.GetEnvironmentVariable("CONVOY_TOKEN"));
        if (server is null || token is null)
        {
            await Console.Error.WriteLineAsync("error[Usage]: CONVOY_SERVER and CONVOY_TOKEN are not set; this runs in a task's pod");
            return 2;
        }

        using var http = new HttpClient();
        var address = new Uri($"{server.TrimEnd('/')}/api/v1/code/{sha256}");
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var began = time.GetTimestamp();
        for (var pause = FirstPause; ; pause *= 2)
        {
            string trouble;
            var isFinal = false;
            try
            {
                using var answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (!answer.IsSuccessStatusCode) (trouble, isFinal) = ($"the server answered {(int)answer.StatusCode}", (int)answer.StatusCode is 401 or 403 or 404);
                else if (await TakeAsync(answer, sha256, folder, cancellationToken)) return 0;
                else trouble = "what came is not the archive";
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                trouble = e.Message;
            }
            catch (CodeArchiveException e)
            {
                (trouble, isFinal) = (e.Message, true);
            }

            if (isFinal || time.GetElapsedTime(began) > GiveUpAfter)
            {
                await Console.Error.WriteLineAsync($"error[NoCode]: the job's code cannot be brought here: {trouble}");
                return isFinal ? KubernetesOptions.NoCodeEver : 1;
            }

            await Console.Error.WriteLineAsync($"the job's code did not come and is asked for again: {trouble}");
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <summary>Whole at once: a container that was killed on the way finds nothing. False where it is not what was asked for.</summary>
    private static async Task<bool> TakeAsync(HttpResponseMessage answer, string sha256, string folder, CancellationToken cancellationToken)
    {
        var staged = $"{folder.TrimEnd('/')}.part";
        if (Directory.Exists(staged)) Directory.Delete(staged, recursive: true);
        Directory.CreateDirectory(staged);
        if (await UnpackAsync(answer, sha256, staged, cancellationToken) != sha256) return false;
        Open(staged);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.Move(staged, folder);
        return true;
    }

    /// <summary>The answer is the hash of all that came. Unpacking ends where the archive says that it does, and would miss a damaged or lost rest.</summary>
    private static async Task<string> UnpackAsync(HttpResponseMessage answer, string sha256, string folder, CancellationToken cancellationToken)
    {
        using var hash = SHA256.Create();
        await using var archive = new CryptoStream(await answer.Content.ReadAsStreamAsync(cancellationToken), hash, CryptoStreamMode.Read);
        CodeArchiveException? broken = null;
        try
        {
            await CodeArchive.UnpackAsync(archive, folder, CodeArchiveLimits.Default, cancellationToken);
        }
        catch (CodeArchiveException e)
        {
            broken = e;
        }

        await archive.CopyToAsync(Stream.Null, cancellationToken);
        var came = Convert.ToHexStringLower(hash.Hash!);

        // What somebody sent so is wrong for ever; what was damaged on the way is not.
        return broken is not null && came == sha256 ? throw broken : came;
    }

    /// <summary>The task may run under any uid of its image's; nobody but its containers reaches the pod's folder.</summary>
    private static void Open(string folder)
    {
        const UnixFileMode Readable = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        const UnixFileMode Passable = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        const UnixFileMode Writable = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Append(new DirectoryInfo(folder)))
        {
            if (entry.LinkTarget is not null) continue;
            var mode = entry.UnixFileMode;
            entry.UnixFileMode = mode | Readable | (entry is DirectoryInfo ? Passable | Writable : mode.HasFlag(UnixFileMode.UserExecute) ? Passable : 0);
        }
    }
}
