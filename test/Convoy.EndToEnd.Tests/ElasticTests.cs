using System.Globalization;
using System.Text.RegularExpressions;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>The sample of an elastic job, under real torchrun.</summary>
public sealed partial class ElasticTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task A_job_takes_what_is_free_grows_when_more_is_and_gives_it_back_without_ever_beginning_anew()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/torchrun"), "needs /usr/bin/torchrun (Debian: python3-torch)");
        await using var platform = await RunningPlatform.StartAsync(nodes: 3, gpus: 1, "--grow-after", "1s");
        using var convoy = new ConvoyCommand(platform);
        var first = await platform.SubmitAsync(Jobs.Shell("first", Jobs.Until(platform.Mark("first-ends")), gpus: 1));
        await platform.UntilAsync(first.Id, job => job.Phase == JobPhase.Running);

        // It starts on what is free.
        var id = await SubmitSampleAsync(convoy, until: platform.Mark("enough"));
        await UntilStepAsync(platform, id, after: 0, workers: 2);

        // It grows when another ends.
        platform.Say("first-ends");
        await platform.UntilAsync(id, job => job.Tasks == 3, Patience);
        var grown = await UntilStepAsync(platform, id, after: 0, workers: 3);
        (await convoy.RunAsync("list")).Output.ShouldContain("3×1");

        // It makes room when another comes, and goes on.
        var other = await platform.SubmitAsync(Jobs.Shell("other", Jobs.Until(platform.Mark("other-ends")), gpus: 1) with { Priority = JobPriority.High });
        await platform.UntilAsync(other.Id, job => job.Phase == JobPhase.Running, Patience);
        await UntilStepAsync(platform, id, after: grown, workers: 2);
        platform.Say("enough");

        var ended = await platform.UntilFinishedAsync(id, Patience);
        platform.Say("other-ends");
        var log = await platform.LogsAsync(id);
        ended.Phase.ShouldBe(JobPhase.Succeeded, log);
        (ended.Restarts, ended.PlatformRestarts, ended.Attempts!.Count, ended.Tasks).ShouldBe((0, 0, 1, 2));
        Begin().Matches(log).Count(begin => Number(begin, "step") == 0).ShouldBe(1, log);
        var events = (await platform.EventsAsync(id)).Select(happened => happened.Message.ToString()).ToArray();
        events.ShouldContain(message => message.StartsWith("attempt 1: grew from 2 to 3 tasks, on ", StringComparison.Ordinal));
        events.ShouldContain($"attempt 1: shrank from 3 to 2 tasks for {other.Id}");
        (await convoy.RunAsync("get", id)).Output.ShouldContain("Released");
    }

    [GeneratedRegex("workers begin at step (?<step>[0-9]+)")]
    private static partial Regex Begin();

    [GeneratedRegex("step (?<step>[0-9]+)  loss [0-9.]+  (?<workers>[0-9]+) workers")]
    private static partial Regex Step();

    private static int Number(Match match, string name) => int.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture);

    /// <summary>As in the repository, but that its end is the test's to say.</summary>
    private static async Task<string> SubmitSampleAsync(ConvoyCommand convoy, string until)
    {
        var sample = Path.Combine(BuiltPrograms.Samples, "elastic");
        File.Copy(Path.Combine(sample, "train.py"), Path.Combine(convoy.Folder, "train.py"));
        var file = await File.ReadAllTextAsync(Path.Combine(sample, "job.yaml"));
        file.ShouldContain("--steps, \"1200\"");
        await File.WriteAllTextAsync(Path.Combine(convoy.Folder, "job.yaml"), file.Replace("--steps, \"1200\"", $"--until, {until}", StringComparison.Ordinal));
        var submitted = await convoy.RunAsync("submit", "-f", "job.yaml", "--detach", "-o", "name");
        submitted.ExitCode.ShouldBe(0, submitted.Error);
        return submitted.Output.Trim();
    }

    /// <summary>The newest step that so many workers have made, above the one given.</summary>
    private static async Task<int> UntilStepAsync(RunningPlatform platform, string id, int after, int workers)
    {
        var newest = 0;
        await Eventually.HoldsAsync($"{workers} workers come beyond step {after}", async () =>
        {
            var steps = Step().Matches(await platform.LogsAsync(id)).Where(step => Number(step, "workers") == workers).Select(step => Number(step, "step")).ToArray();
            return (newest = steps.DefaultIfEmpty(0).Max()) > after;
        }, Patience);
        return newest;
    }
}
