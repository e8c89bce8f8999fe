using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Convoy.Server.Tests;

public sealed class ServerCertificateTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("convoy-tls-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_certificate_that_is_none_is_told_with_its_file()
    {
        var file = Path.Combine(folder, "bad.pem");
        File.WriteAllText(file, "garbage");
        var options = new ServerOptions { State = folder, Listen = new(IPAddress.Loopback, 7788), TaskProgram = "convoy-task", TlsCertificate = file, TlsKey = file };
        Should.Throw<BadCertificateException>(() => ServerCertificate.Read(options)).Message.ShouldContain(file);
    }

    [Fact]
    public async Task Clients_that_know_only_the_root_are_served_with_the_whole_chain()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var root = Authority("root", rootKey).CreateSelfSigned(from, until);
        using var middle = Authority("middle", middleKey).Create(root, from, until, [2]);
        using var middleWithKey = middle.CopyWithPrivateKey(middleKey);
        var request = new CertificateRequest("CN=convoy", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(middleWithKey, from, until, [3]);
        var (certificate, keyFile) = (Path.Combine(folder, "chain.pem"), Path.Combine(folder, "key.pem"));
        await File.WriteAllTextAsync(certificate, leaf.ExportCertificatePem() + "\n" + middle.ExportCertificatePem() + "\n");
        await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem());

        await using var server = await RunningServer.StartAsync(options => options with { TlsCertificate = certificate, TlsKey = keyFile }, root);
        (await server.Admin.GetAsync("/api/v1/whoami")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request;
    }
}
