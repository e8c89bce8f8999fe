using System.Security.Cryptography;
using Convoy.Core.Languages;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Convoy.Server;

public static class ServerCertificate
{
    /// <summary>The first certificate of the file is the server's; those behind it lead clients to a root that they know.</summary>
    /// <returns>Null where the server speaks in the clear.</returns>
    /// <exception cref="BadCertificateException">The files are of no use.</exception>
    public static HttpsConnectionAdapterOptions? Read(ServerOptions options)
    {
        if (options.TlsCertificate is not { } file) return null;
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(file);
            return new HttpsConnectionAdapterOptions { ServerCertificate = X509Certificate2.CreateFromPemFile(file, options.TlsKey), ServerCertificateChain = [.. chain.Skip(1)] };
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadCertificateException($"--tls-cert {file} and --tls-key {options.TlsKey} cannot be used: {e.Message} Give a certificate chain and its private key, both as PEM", e);
        }
    }
}

public sealed class BadCertificateException(Text explanation, Exception inner) : Exception(explanation.ToString(), inner), IExplained
{
    public Text Explanation { get; } = explanation;
}
