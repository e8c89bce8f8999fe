using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Convoy.Client;
using Convoy.Client.Wire;
using Convoy.Core.Jobs;

namespace Convoy.EndToEnd.Tests;

/// <summary>
/// One platform as its users have it: the server as a process, its supervisors and tasks, in a folder and on a port of its own.
/// The server can be stopped, killed and started again on the same state; the end leaves no process and no file.
/// </summary>
public sealed class RunningPlatform : IAsyncDisposable
{
    private const UnixFileMode Passage = (UnixFileMode)0x1ED;
    private const UnixFileMode Everybody = (UnixFileMode)0x1FF;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("convoy-e2e-");
    private readonly List<IDisposable> clients = [];
    private readonly StringBuilder output = new();
    private readonly string[] options;
    private int port;
    private Process? server;

    private RunningPlatform(string[] options)
    {
        this.options = options;
        State = Path.Combine(Root, "state");

        // Tasks under other uids pass through, and leave their marks.
        File.SetUnixFileMode(root.FullName, Passage);
        Directory.CreateDirectory(Marks);
        File.SetUnixFileMode(Marks, Everybody);
    }

    public string Root => root.FullName;

    public string State { get; private set; }

    /// <summary>A folder in which tasks and tests leave each other files.</summary>
    public string Marks => Path.Combine(Root, "marks");

    public Uri Url => new($"http://127.0.0.1:{port}");

    public string AdministratorToken => File.ReadAllText(Path.Combine(State, "server", "admin.token")).Trim();

    /// <summary>The administrator's.</summary>
    public ConvoyClient Client { get; private set; } = null!;

    public int ServerPid => server!.Id;

    /// <summary>All that the servers have printed so far.</summary>
    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    /// <param name="gpus">Declared devices of each node.</param>
    public static Task<RunningPlatform> StartAsync(int nodes = 2, int gpus = 8, params string[] more) => StartOnAsync(null, nodes, gpus, more);

    /// <param name="state">The state folder; null for one of its own.</param>
    public static async Task<RunningPlatform> StartOnAsync(string? state, int nodes = 2, int gpus = 8, params string[] more)
    {
        var platform = new RunningPlatform(["--nodes", Text(nodes), "--gpus", Text(gpus), .. more]);
        platform.State = state ?? platform.State;
        try
        {
            platform.port = FreePort();
            await platform.StartServerAsync();
            platform.Client = platform.ClientOf(platform.AdministratorToken);
            return platform;
        }
        catch
        {
            await platform.DisposeAsync();
            throw;
        }
    }

    public ConvoyClient ClientOf(string token)
    {
        var client = new ConvoyClient(Url, token, TimeProvider.System);
        clients.Add(client);
        return client;
    }

    /// <summary>For requests that no well-behaved client makes. Addresses are relative to the API.</summary>
    public HttpClient HttpOf(string token)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = new Uri(Url, "/api/v1/"), Timeout = Eventually.Patience };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        clients.Add(http);
        return http;
    }

    /// <summary>A new person; the answer is their token.</summary>
    public async Task<string> AddPersonAsync(string name, string? level = null)
    {
        await Client.AddUserAsync(new NewUserRequest(name, level), CancellationToken.None);
        return (await Client.CreateTokenAsync(new NewTokenRequest(name, null, null), CancellationToken.None)).Token;
    }

    public string Mark(string name) => Path.Combine(Marks, name);

    /// <summary>What tasks wait for.</summary>
    public void Say(string mark) => File.WriteAllText(Mark(mark), "");

    public Task HeardAsync(string mark) => Eventually.HoldsAsync($"a task makes {mark}", () => File.Exists(Mark(mark)));

    /// <summary>The number that a task has written whole, with a newline.</summary>
    public async Task<int> NumberAsync(string mark)
    {
        await Eventually.HoldsAsync($"a task writes {mark}", () => File.Exists(Mark(mark)) && File.ReadAllText(Mark(mark)).EndsWith('\n'));
        return int.Parse(await File.ReadAllTextAsync(Mark(mark)), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
    }

    public Task<JobView> SubmitAsync(JobSpec spec, ConvoyClient? by = null) => (by ?? Client).SubmitAsync(Jobs.NewId(), spec, CancellationToken.None);

    public Task<JobView> UntilFinishedAsync(string job, TimeSpan? patience = null) =>
        UntilAsync(job, view => view.Phase.IsFinished(), patience);

    public async Task<JobView> UntilAsync(string job, Func<JobView, bool> isSo, TimeSpan? patience = null)
    {
        JobView? view = null;
        try
        {
            await Eventually.HoldsAsync($"job {job} comes so far", async () => isSo(view = await Client.GetJobAsync(job, CancellationToken.None)), patience);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; it is {view}\n{Output}", e);
        }

        return view!;
    }

    /// <summary>All that the job's tasks have printed so far, in the order in which it came.</summary>
    public async Task<string> LogsAsync(string job, int? rank = null)
    {
        using var text = new MemoryStream();
        await foreach (var (chunk, _) in Client.ReadLogsAsync(job, new LogQuery { Rank = rank }, CancellationToken.None))
        {
            if (chunk is not null) text.Write(chunk.Bytes.Span);
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }

    public async Task<IReadOnlyList<EventView>> EventsAsync(string job)
    {
        var events = new List<EventView>();
        for (string? after = null; ;)
        {
            var page = await Client.ListEventsAsync(job, after, null, CancellationToken.None);
            events.AddRange(page.Items);
            if (page.Next is null) return events;
            after = page.Next;
        }
    }

    /// <summary>Starts the server on the state as it is, and waits until it is ready.</summary>
    public async Task StartServerAsync()
    {
        server = Launch(["--state", State, "--listen", Url.Authority, .. options], Heard);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
        await Eventually.HoldsAsync("the server is ready", async () =>
        {
            if (server.HasExited) throw new InvalidOperationException($"the server ended with {server.ExitCode}:\n{Output}");
            try
            {
                using var answer = await http.GetAsync(new Uri(Url, "/readyz"));
                return answer.IsSuccessStatusCode;
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException)
            {
                return false;
            }
        });
    }

    /// <summary>Goes on with another state folder; the server has been stopped.</summary>
    public Task MoveToAsync(string state)
    {
        State = state;
        return StartServerAsync();
    }

    /// <summary>The administrator's, as it lies in the state folder by now.</summary>
    public void UseToken() => Client = ClientOf(AdministratorToken);

    /// <summary>SIGKILL: nothing of the server runs any more when this returns.</summary>
    public async Task KillServerAsync()
    {
        server!.Kill();
        await server.WaitForExitAsync();
    }

    /// <summary>SIGTERM; the answer is the exit code.</summary>
    public async Task<int> StopServerAsync()
    {
        using (var kill = Process.Start("/bin/kill", ["-TERM", Text(server!.Id)])) await kill.WaitForExitAsync();
        using var limit = new CancellationTokenSource(Eventually.Patience);
        await server.WaitForExitAsync(limit.Token);
        return server.ExitCode;
    }

    /// <summary>Another server that is expected to end by itself.</summary>
    public static async Task<(int ExitCode, string Output)> RunServerAsync(params string[] arguments)
    {
        var said = new StringBuilder();
        using var process = Launch(arguments, line =>
        {
            lock (said) said.AppendLine(line);
        });
        using var limit = new CancellationTokenSource(Eventually.Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"the server was expected to end by itself:\n{said}");
        }

        return (process.ExitCode, said.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (Client is not null) await CancelAllAsync();
            if (server is { HasExited: false }) await StopServerAsync();
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
            await StopNodeAgentAsync();
            await KillRemainsAsync();
            server?.Dispose();
            root.Delete(recursive: true);
        }
    }

    private static Process Launch(string[] arguments, Action<string> hear)
    {
        var start = new ProcessStartInfo(BuiltPrograms.Server, arguments[0].StartsWith('-') ? [.. arguments, "--task-program", BuiltPrograms.Task, "--node-program", BuiltPrograms.Node] : arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CONVOY_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => hear(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => hear(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Below the ports that connections going out are given, so that it is still free when the server comes back.</summary>
    internal static int FreePort()
    {
        while (true)
        {
            var candidate = RandomNumberGenerator.GetInt32(20_000, 32_000);
            try
            {
                using var probe = new TcpListener(System.Net.IPAddress.Loopback, candidate);
                probe.Start();
                return candidate;
            }
            catch (SocketException)
            {
                // Another's; the next.
            }
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void Heard(string line)
    {
        lock (output) output.AppendLine(line);
    }

    internal async Task CancelAllAsync()
    {
        if (server!.HasExited) await StartServerAsync();
        await Eventually.HoldsAsync("every job has ended", async () =>
        {
            var unfinished = await Client.ListJobsAsync(new JobQuery { All = true, Unfinished = true, Limit = 1000 }, CancellationToken.None);
            foreach (var job in unfinished.Items.Where(job => job.Phase != JobPhase.Stopping))
            {
                try
                {
                    await Client.CancelJobAsync(job.Id, CancellationToken.None);
                }
                catch (ConvoyException e) when (e.Status == 409)
                {
                    // It has just ended.
                }
            }

            return unfinished.Items.Count == 0;
        });
    }

    /// <summary>The processes of the platform's node agent: one, or none where no job has needed it.</summary>
    internal int[] NodeAgents() => [.. ProcessFiles.Of(Root).Where(pid => ProcessFiles.ArgumentsOf(pid).Contains("--serve"))];

    /// <summary>It outlives the server, and takes away what it has mounted when it is told to end.</summary>
    private async Task StopNodeAgentAsync()
    {
        foreach (var pid in NodeAgents())
        {
            using var kill = Process.Start("/bin/kill", ["-TERM", Text(pid)]);
            await kill.WaitForExitAsync();
        }

        await Eventually.HoldsAsync("the node agent ends", () => NodeAgents().Length == 0);
    }

    /// <summary>What a failed test left: a process that has this folder in its arguments or environment is ours.</summary>
    private async Task KillRemainsAsync() => await Eventually.HoldsAsync("no process is left", () =>
    {
        var left = ProcessFiles.Of(Root).ToArray();
        foreach (var pid in left)
        {
            try
            {
                using var process = Process.GetProcessById(pid);
                process.Kill();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has just ended.
            }
        }

        return left.Length == 0;
    });
}
