using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Amazon.S3;
using Amazon.S3.Model;
using Convoy.Objects.S3;

namespace Convoy;

/// <summary>
/// A store that speaks S3, on loopback: Ceph's gateway with one monitor and one storage that keeps all in memory. It has no manager, whose
/// absence only its statistics miss. Ready after some 20 s.
/// </summary>
public sealed class RadosGateway : IAsyncLifetime
{
    private const string BucketName = "convoy";
    private const string AccessKey = "AKCONVOYTESTS";
    private const string SecretKey = "not-so-secret-for-tests-only";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly string[] Programs = ["ceph-mon", "ceph-osd", "ceph", "monmaptool", "radosgw", "radosgw-admin"];

    private readonly string folder = Directory.CreateTempSubdirectory("convoy-rados-").FullName;
    private readonly List<Process> running = [];

    /// <summary>Why there is none; null where there is.</summary>
    public string? Missing { get; private set; }

    public Uri Endpoint { get; private set; } = new("http://127.0.0.1/");

    public AmazonS3Client Client { get; private set; } = null!;

    public string Bucket => BucketName;

    /// <param name="prefix">Of its own for each who wants an empty bucket; ends with a slash.</param>
    public S3Options Options(string prefix) => new() { Endpoint = Endpoint, Bucket = BucketName, Prefix = prefix, AccessKey = AccessKey, SecretKey = SecretKey };

    public async ValueTask InitializeAsync()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        if (Programs.FirstOrDefault(program => !path.Any(each => File.Exists(Path.Combine(each, program)))) is { } missing)
        {
            Missing = $"no {missing}: eng/prerequisites.sh tests installs Debian's ceph-mon, ceph-osd, radosgw and ceph-common";
            return;
        }

        var (monitor, gateway) = (FreePort(), FreePort());
        Endpoint = new Uri($"http://127.0.0.1:{gateway.ToString(CultureInfo.InvariantCulture)}/");
        var (cluster, storage) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        await File.WriteAllTextAsync(Path.Combine(folder, "ceph.conf"), Configuration(cluster, monitor, gateway));
        foreach (var each in new[] { "mon", "osd", "rgw" }) Directory.CreateDirectory(Path.Combine(folder, each));

        await RunAsync("monmaptool", "--create", "--fsid", cluster, "--addv", "a", $"[v2:127.0.0.1:{monitor}]", $"{folder}/monmap");
        await RunAsync("ceph-mon", "--mkfs", "-i", "a", "--monmap", $"{folder}/monmap");
        Start("ceph-mon", "-f", "-i", "a");
        await RunAsync("ceph", "osd", "new", storage);
        await RunAsync("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", storage);
        Start("ceph-osd", "-f", "-i", "0");
        Start("radosgw", "-f", "-n", "client.rgw");
        await UntilItAnswersAsync();
        await RunAsync("radosgw-admin", "user", "create", "--uid=convoy", "--display-name=convoy", $"--access-key={AccessKey}", $"--secret-key={SecretKey}");

        Client = new AmazonS3Client(AccessKey, SecretKey, new AmazonS3Config { ServiceURL = Endpoint.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        await Client.PutBucketAsync(new PutBucketRequest { BucketName = BucketName });
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        foreach (var guard in running)
        {
            guard.StandardInput.Close();
            await guard.WaitForExitAsync();
            guard.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    private string Configuration(string cluster, int monitor, int gateway) => $"""
        [global]
        fsid = {cluster}
        mon_host = v2:127.0.0.1:{monitor}
        mon_initial_members = a
        public_network = 127.0.0.0/8
        cluster_network = 127.0.0.0/8
        auth_cluster_required = none
        auth_service_required = none
        auth_client_required = none
        # The gateway wants its talk with the monitor encrypted, which without authentication nothing can be.
        ms_mon_client_mode = crc
        run_dir = {folder}
        admin_socket =
        pid_file =
        log_file = {folder}/$name.log
        mon_data = {folder}/mon
        osd_data = {folder}/osd
        osd_objectstore = memstore
        memstore_device_bytes = 8589934592
        osd_pool_default_size = 1
        osd_pool_default_min_size = 1
        osd_pool_default_pg_num = 1
        osd_pool_default_pgp_num = 1
        osd_pool_default_pg_autoscale_mode = off
        osd_crush_chooseleaf_type = 0
        mon_allow_pool_size_one = true
        mon_max_pg_per_osd = 10000
        rgw_data = {folder}/rgw
        rgw_frontends = beast endpoint=127.0.0.1:{gateway}
        rgw_run_sync_thread = false

        """;

    private async Task UntilItAnswersAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var began = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(Endpoint);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // Not yet.
            }

            if (began.Elapsed > Patience) throw new InvalidOperationException($"radosgw does not become ready; see {folder}");
            await Task.Delay(100);
        }
    }

    /// <summary>
    /// Under a shell that waits for the end of its input, so that it ends with this process however this one ends. (A signal for the
    /// parent's death would come when the thread that started it does, which a pool's thread does at any time.)
    /// </summary>
    private void Start(string program, params string[] words)
    {
        const string Guard = """trap '' INT TERM HUP; program=$1; "$@" </dev/null >"$OUT/$program.out" 2>&1 & pid=$!; read -r _; kill -KILL $pid; wait $pid 2>/dev/null""";
        var start = new ProcessStartInfo("/bin/sh", ["-c", Guard, "sh", program, .. words]) { RedirectStandardInput = true, Environment = { ["CEPH_CONF"] = $"{folder}/ceph.conf", ["OUT"] = folder } };
        running.Add(Process.Start(start)!);
    }

    private async Task RunAsync(string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words) { Environment = { ["CEPH_CONF"] = $"{folder}/ceph.conf" }, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var (said, complained) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            await process.WaitForExitAsync(patience.Token);
            if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', words)}: {await said} {await complained}");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new InvalidOperationException($"{program} does not end; see {folder}");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
