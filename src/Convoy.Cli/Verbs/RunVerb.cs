using System.CommandLine;
using System.Runtime.InteropServices;
using Convoy.Cli.Output;
using Convoy.Cli.Submission;
using Convoy.Cli.Terminals;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;
using Convoy.Core.Resources;

namespace Convoy.Cli.Verbs;

internal static class RunVerb
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    public static Command Build()
    {
        var flags = new JobFlags();
        var attach = Options.Text("--attach", "JOB", "Come back to a job that runs, instead of starting one");
        var idle = Options.Duration("--idle-timeout", "End it when nothing was typed and nothing printed for so long (default 30m)", TimeSpan.FromSeconds(1));
        var format = Options.Format("table", "json", "yaml");
        var verb = new Verb("run", "Open a terminal in one allocation: a shell, or a command to type into")
        {
            Examples =
            [
                "convoy run --gpus 1",
                "convoy run --gpus A100-80G:1 --memory 64Gi -- python",
                "convoy run --no-code -- wc -l < numbers.txt",
                "convoy run --attach j0123456789abcdef",
            ],
            About = "Every key goes to the program, Ctrl-C too; after Enter, ~. detaches and ~? helps. What is detached, by a closed window or a lost connection too, goes on until it ends or is idle; --attach comes back to it. Out of a terminal, standard input and output go through as they are. Ctrl-C while the job waits in the queue cancels it.",
            SeeAlso = ["submit", "logs", "cancel"],
            Exits = ExitCodes.OfJobs,
            TakesCommand = true,
            LaterFlags = ["--data", "--secret", "--git", "--volume", "--shm"],
            Options = { attach, idle, format },
            Body = async (call, cancellationToken) =>
            {
                using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Leave);
                using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Leave);
                using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, Leave);
                if (call.Get(attach) is { } name)
                {
                    if (call.Trailing is not null || call.Has(idle) || flags.OfOneTask.Any(call.Has)) throw CommandException.Usage("--attach comes back to a job as it is: it takes neither a command nor flags of a new job");
                    return await SeeToEndAsync(call, await call.Client.GetJobAsync(name, leaving.Token), isOurs: false, call.Get(format)!, leaving.Token);
                }

                var draft = InteractiveJob.Draft(call, flags, call.Get(idle));
                if (await SubmitVerb.SubmitAsync(call, draft, null, leaving.Token) is not { } job) return ExitCodes.Detached;
                return await SeeToEndAsync(call, job, isOurs: true, call.Get(format)!, leaving.Token);

                void Leave(PosixSignalContext signal)
                {
                    signal.Cancel = true;
                    leaving.Cancel();
                }
            },
        };
        foreach (var flag in flags.OfOneTask) verb.Options.Add(flag);
        return verb;
    }

    /// <param name="isOurs">Started by this command: nobody else waits for it.</param>
    private static async Task<int> SeeToEndAsync(Call call, JobView job, bool isOurs, string format, CancellationToken cancellationToken)
    {
        if (job.Spec?.Interactive is not { } interactive) throw new CommandException(ExitCodes.Conflict, "NotInteractive", $"job {job.Id} is not interactive: nothing can be typed into it; `convoy run` starts one that is");
        var isTerminal = interactive.Terminal && LocalTerminal.IsThere;
        if (interactive.Terminal && !isTerminal) throw CommandException.Usage($"job {job.Id} has a terminal, and this is none; attach from a terminal");
        var hasAttached = false;
        try
        {
            var attachment = new Attachment(call, job.Id, format == "table" ? call.RawOutput : call.RawError);
            var isShown = !isOurs;
            while (true)
            {
                job = await UntilRunningAsync(call, job, cancellationToken);
                if (job.Phase.IsFinished()) break;
                if (hasAttached && !interactive.Terminal)
                {
                    await call.Client.CancelJobAsync(job.Id, CancellationToken.None);
                    throw new CommandException(ExitCodes.JobFailed, "InputLost", $"job {job.Id} lost its machines after it had read standard input, which cannot be read twice; it is cancelled; run it again");
                }

                hasAttached = true;
                if (isTerminal) call.Say($"attached to {JobEnd.Name(job)} on {string.Join(", ", job.Nodes)}; after Enter, ~. detaches and ~? helps");
                var end = await attachment.RunAsync(isTerminal, fromStart: isOurs, cancellationToken);
                if (end == AttachmentEnd.Detached) return Detach(call, job, interactive);
                if (end == AttachmentEnd.TakenOver)
                {
                    call.Say($"\nyou have attached to {JobEnd.Name(job)} elsewhere; this terminal is detached");
                    return ExitCodes.Detached;
                }

                isShown = end == AttachmentEnd.Ended;
                job = await UntilSettledAsync(call, job, cancellationToken);
                if (job.Phase.IsFinished()) break;
                call.Say($"\njob {JobEnd.Name(job)} has lost its machines and what ran there; it waits for others and starts anew");
                isShown = false;
            }

            // It ended before the first connection, or while there was none.
            if (!isShown && job.Nodes.Count > 0) await attachment.ShowRestAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return isOurs && !hasAttached ? await GiveUpAsync(call, job) : Detach(call, job, interactive);
        }

        call.Write(format, job, Rendering.Indented.JobView, static _ => { });
        return JobEnd.Say(call, job);
    }

    private static async Task<JobView> UntilRunningAsync(Call call, JobView job, CancellationToken cancellationToken)
    {
        using var noticing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var notices = WaitingNotices.RunAsync(call, job, noticing.Token);
        try
        {
            await foreach (var item in call.Client.FollowEventsAsync(job.Id, cancellationToken))
            {
                if (item.End is { } end) return end;
                if (item.Value?.Event is not JobRunning) continue;
                var now = await call.Client.GetJobAsync(job.Id, cancellationToken);
                if (now.Phase == JobPhase.Running) return now;
            }

            throw new InvalidOperationException("the stream of events ended without its end event");
        }
        finally
        {
            await noticing.CancelAsync();
            await notices;
        }
    }

    /// <summary>The program has ended: until the job has, or waits again.</summary>
    private static async Task<JobView> UntilSettledAsync(Call call, JobView job, CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = await call.Client.GetJobAsync(job.Id, cancellationToken);
            if (now.Phase is not (JobPhase.Starting or JobPhase.Running or JobPhase.Stopping)) return now;
            await Task.Delay(Period, call.Time, cancellationToken);
        }
    }

    /// <summary>It would start some time, hold its machines, and find nobody there.</summary>
    private static async Task<int> GiveUpAsync(Call call, JobView job)
    {
        call.Say($"\ngiven up before it started; job {JobEnd.Name(job)} is cancelled");
        await call.Client.CancelJobAsync(job.Id, CancellationToken.None);
        return ExitCodes.JobCancelled;
    }

    private static int Detach(Call call, JobView job, InteractiveSpec interactive)
    {
        call.Say($"\ndetached: job {JobEnd.Name(job)} goes on until it ends by itself, or nothing is typed and printed for {DurationText.Format(interactive.IdleTimeout)}; come back with `convoy run --attach {job.Id}`, stop it with `convoy cancel {job.Id}`");
        return ExitCodes.Detached;
    }
}
