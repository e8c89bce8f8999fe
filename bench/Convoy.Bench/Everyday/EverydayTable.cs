namespace Convoy.Bench.Everyday;

/// <summary>What people wait for all day long, with what the machine itself takes for the like of it beside it.</summary>
internal static class EverydayTable
{
    public static async Task PrintAsync(TextWriter output, string programs, int jobs, string? kubectl)
    {
        var scratch = Directory.CreateTempSubdirectory("convoy-bench-");
        File.SetUnixFileMode(scratch.FullName, (UnixFileMode)0x1FF);
        try
        {
            await output.WriteLineAsync("# Everyday use");
            await output.WriteLineAsync();
            await output.WriteLineAsync("    ./convoy version; dotnet run -c Release --project bench/Convoy.Bench -- everyday artifacts/convoy 1000000 /usr/bin/kubectl > bench/results/everyday.md");
            await output.WriteLineAsync();
            await output.WriteLineAsync($"On a machine with {Environment.ProcessorCount} processors, which server, clients and tasks share.");
            await SectionAsync("From submission to the first process (goal: p50 of 150 ms)", () => StartLatency.PrintAsync(output, programs, scratch.FullName));
            await SectionAsync("Submissions (goal: 1 000 a second)", () => SubmissionRate.PrintAsync(output, programs, scratch.FullName));
            await SectionAsync("Lists (goal: p99 of 50 ms)", () => LongList.PrintAsync(output, programs, scratch.FullName, jobs));
            await SectionAsync("Whole commands (goal for `convoy list`: 40 ms)", () => WholeProcess.PrintAsync(output, programs, scratch.FullName, kubectl));
            await SectionAsync("An idle server (goal: 150 MB and 1 % of a core)", () => IdleServer.PrintAsync(output, programs, scratch.FullName));
        }
        finally
        {
            scratch.Delete(recursive: true);
        }

        async Task SectionAsync(string heading, Func<Task> print)
        {
            await output.WriteLineAsync();
            await output.WriteLineAsync($"## {heading}");
            await output.WriteLineAsync();
            await print();
            await output.FlushAsync();
        }
    }
}
