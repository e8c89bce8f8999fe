using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Convoy.Client;
using Convoy.Core.Jobs;

namespace Convoy.Bench.Everyday;

/// <summary>A whole server on a port and a folder of its own, as its users have it.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process process;
    private readonly List<ConvoyClient> clients = [];

    private ServerProcess(Process process, Uri url, string state, TimeSpan startedWithin)
    {
        this.process = process;
        Url = url;
        State = state;
        StartedWithin = startedWithin;
    }

    public Uri Url { get; }

    public string State { get; }

    /// <summary>From the start of the process until it answers.</summary>
    public TimeSpan StartedWithin { get; }

    public int Pid => process.Id;

    public string Token => File.ReadAllText(Path.Combine(State, "server", "admin.token")).Trim();

    public static string Database(string state) => Path.Combine(state, "server", "convoy.db");

    /// <param name="programs">The folder with convoy-server and convoy-task.</param>
    public static async Task<ServerProcess> StartAsync(string programs, string state, params string[] options)
    {
        var url = new Uri($"http://127.0.0.1:{FreePort()}");
        var clock = Stopwatch.StartNew();
        var start = new ProcessStartInfo(Path.Combine(programs, "convoy-server"), ["--state", state, "--listen", url.Authority, .. options]) { RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        while (true)
        {
            if (process.HasExited) throw new InvalidOperationException($"convoy-server ended with {process.ExitCode}");
            try
            {
                if ((await http.GetAsync(new Uri(url, "/readyz"))).IsSuccessStatusCode) return new ServerProcess(process, url, state, clock.Elapsed);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // Not yet.
            }

            await Task.Delay(5);
        }
    }

    public ConvoyClient NewClient()
    {
        var client = new ConvoyClient(Url, Token, TimeProvider.System);
        clients.Add(client);
        return client;
    }

    public static JobId NewId() => JobId.FromBits(RandomNumberGenerator.GetBytes(10));

    public static JobSpec Command(string name, IReadOnlyList<string> command, int gpus = 0) => new()
    {
        Name = name,
        Roles = new Dictionary<string, RoleSpec> { ["command"] = new() { Command = command, Resources = new ResourceSpec { Gpu = gpus } } },
    };

    public long ResidentBytes() => long.Parse(File.ReadLines($"/proc/{Pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;

    public TimeSpan ProcessorTime()
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    public void Dispose()
    {
        foreach (var client in clients) client.Dispose();
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
