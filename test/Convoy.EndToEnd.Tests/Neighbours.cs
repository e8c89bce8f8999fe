using System.Security.Cryptography;
using Convoy.Client;
using Convoy.Client.Code;
using Convoy.Client.Datasets;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>One platform, two people: Alice has a job that runs and one that waits, with code of her own; Bob has nothing.</summary>
public sealed class Neighbours : IAsyncLifetime
{
    public RunningPlatform Platform { get; private set; } = null!;

    public string AliceToken { get; private set; } = null!;

    public string BobToken { get; private set; } = null!;

    public ConvoyClient Alice { get; private set; } = null!;

    public ConvoyClient Bob { get; private set; } = null!;

    /// <summary>Runs, and has reported metrics.</summary>
    public JobView Running { get; private set; } = null!;

    public JobView Waiting { get; private set; } = null!;

    /// <summary>SHA-256 of Alice's code archive.</summary>
    public string Archive { get; private set; } = null!;

    public int TaskPid { get; private set; }

    /// <summary>Words that nobody but Alice may ever see.</summary>
    public IReadOnlyList<string> Secrets => [Running.Id, Waiting.Id, "alice", "lanes-secretly", "waits-secretly", "s3cr3t-value", "s3cr3t-code", "lanes-data", Archive, AliceToken.Split('_')[1]];

    public async ValueTask InitializeAsync()
    {
        // Two people on a server that is not root's have to trust each other; what the API shows stays the same.
        Platform = await RunningPlatform.StartAsync(nodes: 2, gpus: 2, Environment.IsPrivilegedProcess ? [] : ["--trust-tasks"]);
        (AliceToken, BobToken) = (await Platform.AddPersonAsync("alice"), await Platform.AddPersonAsync("bob"));
        (Alice, Bob) = (Platform.ClientOf(AliceToken), Platform.ClientOf(BobToken));
        Archive = await UploadAsync();
        await PublishAsync();
        var script = $"""
            umask 0
            cat code.txt
            echo c > $CONVOY_CHECKPOINT_DIR/step
            echo o > $CONVOY_OUTPUT_DIR/result
            echo h > $HOME/note
            /usr/bin/env python3 -c 'import convoy; convoy.log(1, secretly=0.5)'
            echo $$ > {Platform.Mark("alice-pid")}
            {Jobs.Until(Platform.Mark("alice-ends"))}
            """;
        var spec = Jobs.Shell("lanes-secretly", script, gpus: 1) with
        {
            Code = new CodeSpec { Archive = Archive },
            Env = new Dictionary<string, string> { ["PASSWORD"] = "s3cr3t-value" },
            Labels = new Dictionary<string, string> { ["project"] = "s3cr3t-value" },
            DisplayName = "s3cr3t-value",
        };
        Running = await Platform.SubmitAsync(spec, Alice);
        TaskPid = await Platform.NumberAsync("alice-pid");
        Waiting = await Platform.SubmitAsync(Jobs.Shell("waits-secretly", "true", tasks: 2, gpus: 2), Alice);
        await Platform.UntilAsync(Waiting.Id, job => job.Reason is not null);
    }

    public async ValueTask DisposeAsync()
    {
        if (Platform is not null) await Platform.DisposeAsync();
    }

    /// <summary>A data set of Alice's: lanes-data@v1, which she calls stable.</summary>
    private async Task PublishAsync()
    {
        await Alice.Datasets.SaveAsync("lanes-data", new DatasetRequest(Description: "s3cr3t-value"), CancellationToken.None);
        await new DatasetPush(Alice.Datasets, "lanes-data", _ => { }).RunAsync([new SourceFile("s3cr3t-code"u8.ToArray(), 6, () => new MemoryStream("secret"u8.ToArray()))], [], "stable", CancellationToken.None);
    }

    private async Task<string> UploadAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Platform.Root, "code"));
        File.SetUnixFileMode(folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "code.txt"), "s3cr3t-code\n");
        using var archive = new MemoryStream();
        CodePack.Write(CodeFolder.Scan(folder.FullName), archive);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(archive.ToArray()));
        await Alice.Code.UploadAsync(archive, sha256, null, CancellationToken.None);
        return sha256;
    }
}
