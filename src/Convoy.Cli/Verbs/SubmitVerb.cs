using System.CommandLine;
using System.Security.Cryptography;
using Convoy.Cli.Output;
using Convoy.Cli.Submission;
using Convoy.Client;
using Convoy.Client.Code;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Languages;

namespace Convoy.Cli.Verbs;

internal static class SubmitVerb
{
    private const long LargestFile = 4 << 20;

    public static Command Build()
    {
        var file = Options.InputFile("--file", "Job file (YAML), which flags override", "-f");
        var flags = new JobFlags();
        var key = Options.Text("--idempotency-key", "KEY", "The same key with the same job is the same submission");
        var dryRun = Options.Switch("--dry-run", "Say what would happen; submit nothing");
        var wait = Options.Switch("--wait", "Wait for the end without printing logs");
        var detach = Options.Switch("--detach", "Return at once and print the job's id", "-d");
        var format = Options.Format("table", "json", "yaml", "name");
        var verb = new Verb("submit", "Submit a job and follow its logs to the end")
        {
            Examples =
            [
                "convoy submit -- python train.py --epochs 10",
                "convoy submit --gpus 8 --nodes 4 --framework pytorch -- torchrun train.py",
                "convoy submit -f job.yaml --detach",
                "convoy submit -f job.yaml --dry-run",
                "convoy submit --gpus A100-80G:1 --max-duration 4h --wait -- ./run.sh",
            ],
            About = "The job is what a job file says, what the flags say, or both: flags override the file. Without a file, the current folder is sent with the command, but for what .gitignore and .convoyignore name. Ctrl-C ends the watching, and the job goes on.",
            SeeAlso = ["logs", "wait", "why", "list"],
            Exits = ExitCodes.OfJobs,
            TakesCommand = true,
            LaterFlags = ["--data", "--secret", "--git", "--checkpoint", "--volume", "--shm"],
            Options = { file, key, dryRun, wait, detach, format },
            Body = async (call, cancellationToken) =>
            {
                if (new[] { dryRun, wait, detach }.Count(call.Get) > 1) throw CommandException.Usage("--dry-run, --wait and --detach exclude each other");
                var draft = await DraftAsync(call, call.Get(file), flags, cancellationToken);
                if (call.Get(dryRun)) return await CheckAsync(call, draft, call.Get(format), cancellationToken);
                if (await SubmitAsync(call, draft, call.Get(key), cancellationToken) is not { } job) return ExitCodes.Detached;
                if (call.Get(detach)) return call.Write(call.Get(format), job, Rendering.Indented.JobView, _ => call.Print(job.Id));
                return await SeeToEndAsync(call, job, call.Get(wait), call.Get(format)!, cancellationToken);
            },
        };
        foreach (var flag in flags.All) verb.Options.Add(flag);
        return verb;
    }

    /// <summary>The whole job, checked; no server has heard of it.</summary>
    private static async Task<Draft> DraftAsync(Call call, string? file, JobFlags flags, CancellationToken cancellationToken)
    {
        var fromFile = file is null ? null : await ReadAsync(file, cancellationToken);
        var spec = flags.Apply(call, fromFile);
        var problems = JobSpecValidator.Problems(spec);
        if (problems.Count > 0) throw new InvalidSpecException(problems, file is null ? null : InputFile.NameOf(file));
        var folder = CodeArchive.Choose(call, flags, fromFile, Path.GetDirectoryName(file) ?? "");
        var archive = folder is null && !call.Get(flags.NoCode) ? spec.Code?.Archive : null;
        return new Draft(spec with { Code = archive is null ? null : new CodeSpec { Archive = archive } }, folder);
    }

    private static async Task<JobSpec> ReadAsync(string file, CancellationToken cancellationToken)
    {
        var reading = JobFile.Read(await InputFile.ReadTextAsync(file, LargestFile, "job file", cancellationToken));
        return reading.Spec ?? throw new InvalidSpecException(reading.Problems, InputFile.NameOf(file));
    }

    private static async Task<int> CheckAsync(Call call, Draft draft, string? format, CancellationToken cancellationToken)
    {
        if (draft.Folder is { } folder) CodeArchive.Describe(call, folder);
        var spec = await ActivePython.InheritAsync(call, draft.Spec, cancellationToken);
        var check = await call.Client.CheckAsync(spec, cancellationToken);
        return call.Write(format, check, Rendering.Indented.SubmitCheckView, _ =>
        {
            call.Output.Tell($"job {spec.Name} is valid and {Outcome(check)}; nothing was submitted");
            if (check.EarliestStart is { } start) call.Output.Tell($"earliest start: {Spans.Time(start)} (in {Spans.Of(start - call.Now)})");
            if (check.Remedy is { By: not null } remedy) call.Output.Tell(RemedyText.Of(remedy) is { } change ? (Text)$"to start now: {Printable.Of(change)}: {Printable.Of(remedy.Message)}" : $"to start now: {Printable.Of(remedy.Message)}");
        });

        static Text Outcome(SubmitCheckView check) => check switch
        {
            { StartsNow: true } => (Text)$"would start now on {string.Join(", ", check.Nodes)}",
            { WouldEvict: 1 } => $"would start on {string.Join(", ", check.Nodes)} once {Spans.Count(check.WouldEvict, "running job")} that it evicts has stopped{Victims(check)}",
            { WouldEvict: > 1 } => $"would start on {string.Join(", ", check.Nodes)} once {Spans.Count(check.WouldEvict, "running job")} that it evicts have stopped{Victims(check)}",
            { Reason: null } => $"nobody can say when it would start: {Printable.Of(check.Message)}",
            _ => $"would wait: {check.Reason}: {Printable.Of(check.Message)}",
        };

        static Text Victims(SubmitCheckView check) => check.Victims.Count == 0 ? Text.None : $" ({Text.Join(", ", check.Victims.Select(Victim))})";

        static Text Victim(NodeJobView job) => job.Id is null
            ? (Text)$"another's job of level {job.Level}, {Spans.Count(job.Gpus, "GPU")}"
            : $"{Printable.Of(job.Name!)} {job.Id} of {job.User}, {Spans.Count(job.Gpus, "GPU")}";
    }

    /// <summary>Null where Ctrl-C came before there was a job.</summary>
    public static async Task<JobView?> SubmitAsync(Call call, Draft draft, string? key, CancellationToken cancellationToken)
    {
        var spec = draft.Spec;
        JobId id;
        try
        {
            id = await IdAsync(call, key, cancellationToken);
            spec = await ActivePython.InheritAsync(call, spec, cancellationToken);
            if (draft.Folder is { } folder)
            {
                CodeArchive.Describe(call, folder);
                spec = spec with { Code = await CodeArchive.UploadAsync(call, folder, cancellationToken) };
            }

            // From here on Ctrl-C must not leave in doubt whether there is a job.
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            call.Say("\ninterrupted; nothing was submitted");
            return null;
        }

        var job = await call.Client.SubmitAsync(id, spec, CancellationToken.None);
        call.Say($"job {JobEnd.Name(job)} is submitted to queue {job.Queue}");
        return job with { Spec = spec };
    }

    /// <summary>Of the person and their key, else random.</summary>
    private static async Task<JobId> IdAsync(Call call, string? key, CancellationToken cancellationToken) => key is null
        ? JobId.FromBits(RandomNumberGenerator.GetBytes(10))
        : JobId.FromKey((await call.Client.WhoAmIAsync(cancellationToken)).Name, key);

    private static async Task<int> SeeToEndAsync(Call call, JobView job, bool quietly, string format, CancellationToken cancellationToken)
    {
        using var noticing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var notices = WaitingNotices.RunAsync(call, job, noticing.Token);
        try
        {
            var end = quietly
                ? await WaitVerb.EndAsync(call, job, null, cancellationToken)
                : await LogText.WriteAsync(call, job, new LogQuery { Follow = true }, format == "table" ? call.RawOutput : call.RawError, cancellationToken);
            call.Write(format, end, Rendering.Indented.JobView, other =>
            {
                if (other == "name") call.Print(end.Id);
            });
            return JobEnd.Say(call, end);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Detaching.Say(call, job.Id, job.Name);
        }
        finally
        {
            await noticing.CancelAsync();
            await notices;
        }
    }

    /// <param name="Spec">With no code yet, but for an archive that the file names.</param>
    public sealed record Draft(JobSpec Spec, CodeFolder? Folder);
}
