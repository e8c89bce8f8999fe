using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>What samples/README.md says, typed as it is there.</summary>
public sealed partial class SampleTests
{
    private const string Python = "/usr/bin/python3";

    private static readonly string Samples = Path.Combine(Root(AppContext.BaseDirectory), "samples");

    [Fact]
    public async Task A_job_that_was_suspended_goes_on_from_its_checkpoint_and_does_no_step_twice()
    {
        Assert.SkipUnless(File.Exists(Python), $"needs {Python}");
        await using var platform = await RunningPlatform.StartAsync();
        using var convoy = new ConvoyCommand(platform);
        (await convoy.RunAsync("submit", "-f", Path.Combine(Samples, "checkpoints", "job.yaml"), "--detach")).ExitCode.ShouldBe(0);
        var job = (await platform.Client.GetJobAsync("counting", CancellationToken.None)).Id;
        await Eventually.HoldsAsync("it has done some steps", async () => (await platform.LogsAsync(job)).Contains("step 3:", StringComparison.Ordinal));

        var suspended = await convoy.RunAsync("suspend", "counting", "--wait");
        (suspended.ExitCode, suspended.Output).ShouldBe((0, $"job counting ({job}) is suspended; `convoy resume {job}` queues it again\n"));
        (await convoy.RunAsync("resume", "counting")).ExitCode.ShouldBe(0);
        var waited = await convoy.RunAsync("wait", "counting");
        waited.ExitCode.ShouldBe(0, waited.Error);

        var (first, second) = (await AttemptAsync(platform, job, 1), await AttemptAsync(platform, job, 2));
        var reached = int.Parse(SavedAt().Match(first).Groups[1].Value, CultureInfo.InvariantCulture);
        reached.ShouldBeInRange(3, 59);
        second.ShouldStartWith($"begins at step {reached + 1}\nstep {reached + 1}:");
        second.ShouldEndWith("the sum of 1 to 60 is 1830\n");
        var ended = await platform.Client.GetJobAsync(job, CancellationToken.None);
        (ended.Attempts!.Count, ended.Restarts, ended.PlatformRestarts).ShouldBe((2, 0, 0));
    }

    [Fact]
    public async Task A_plain_command_runs_on_two_tasks()
    {
        await using var platform = await RunningPlatform.StartAsync();
        using var convoy = new ConvoyCommand(platform);
        var ended = await convoy.RunAsync("submit", "-f", Path.Combine(Samples, "command", "job.yaml"));
        ended.ExitCode.ShouldBe(0, ended.Error);
        ended.Output.ShouldContain("hello from rank 0 of 2");
        ended.Output.ShouldContain("hello from rank 1 of 2");
    }

    [Fact]
    public async Task A_job_runs_in_the_virtual_environment_that_is_active_where_it_is_submitted()
    {
        Assert.SkipUnless(File.Exists(Python), $"needs {Python}");
        await using var platform = await RunningPlatform.StartAsync();
        using var convoy = new ConvoyCommand(platform);
        var environment = platform.Mark("env");
        using (var made = Process.Start(Python, ["-m", "venv", "--without-pip", environment]))
        {
            await made.WaitForExitAsync();
            Assert.SkipUnless(made.ExitCode == 0, "needs python3-venv");
        }

        convoy.Variables["VIRTUAL_ENV"] = environment;
        convoy.Variables["PATH"] = $"{environment}/bin:{Environment.GetEnvironmentVariable("PATH")}";
        var printed = await convoy.RunAsync("submit", "--", "python", "-c", "import sys; print(sys.executable)");
        (printed.ExitCode, printed.Output).ShouldBe((0, $"{environment}/bin/python\n"), printed.Error);
        printed.Error.ShouldContain(environment);
        File.Copy(Path.Combine(Samples, "virtual-environment", "where.py"), Path.Combine(convoy.Folder, "where.py"));
        var sample = await convoy.RunAsync("submit", "--", "python", "where.py");
        (sample.ExitCode, sample.Output).ShouldBe((0, $"{environment}/bin/python\nin a virtual environment\n"), sample.Error);
    }

    [Fact]
    public async Task A_model_learns_from_a_data_set_by_the_mount_and_by_Python_while_half_of_it_is_held()
    {
        Assert.SkipUnless(File.Exists(Python), $"needs {Python}");
        DatasetJobTests.SkipWithoutMounts();
        await using var platform = await RunningPlatform.StartAsync(1, 0);
        using var convoy = new ConvoyCommand(platform);
        var pictures = Path.Combine(convoy.Folder, "strokes");
        using (var drawn = Process.Start(Python, [Path.Combine(Samples, "datasets", "draw.py"), pictures]))
        {
            await drawn.WaitForExitAsync();
            drawn.ExitCode.ShouldBe(0);
        }

        var pushed = await convoy.RunAsync("dataset", "push", "strokes", pictures);
        pushed.ExitCode.ShouldBe(0, pushed.Error);
        var ended = await convoy.RunAsync("submit", "-f", Path.Combine(Samples, "datasets", "job.yaml"));
        ended.ExitCode.ShouldBe(0, ended.Output + ended.Error);
        EpochTold().Matches(ended.Output).Select(told => told.Value).ShouldBe(["mount epoch 1/3", "mount epoch 2/3", "mount epoch 3/3", "Python epoch 1/3", "Python epoch 2/3", "Python epoch 3/3"]);
        (await convoy.RunAsync("get", "strokes")).Output.ShouldContain("hit ratio 50.0 %");
    }

    private static async Task<string> AttemptAsync(RunningPlatform platform, string job, int attempt)
    {
        var text = new System.Text.StringBuilder();
        await foreach (var (chunk, _) in platform.Client.ReadLogsAsync(job, new Client.LogQuery { Attempt = attempt }, CancellationToken.None))
        {
            if (chunk is not null) text.Append(System.Text.Encoding.UTF8.GetString(chunk.Bytes.Span));
        }

        return text.ToString();
    }

    private static string Root(string folder) => File.Exists(Path.Combine(folder, "Convoy.slnx")) ? folder : Root(Path.GetDirectoryName(folder)!);

    [GeneratedRegex("saved itself at step ([0-9]+)")]
    private static partial Regex SavedAt();

    [GeneratedRegex("^(mount|Python) epoch ./3", RegexOptions.Multiline)]
    private static partial Regex EpochTold();
}
