using System.Net;
using Amazon.Runtime;
using Amazon.S3;

namespace Convoy.Objects.S3;

/// <summary>The SDK signs and reads answers; it neither tries again nor keeps time, which is done here in one place.</summary>
internal static class S3Connections
{
    public static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, ConnectTimeout = TimeSpan.FromSeconds(10), UseCookies = false,

        // The addresses behind a name of S3 change all the time.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    public static AmazonS3Client Connect(S3Options options, HttpClient http) => new(new BasicAWSCredentials(options.AccessKey, options.SecretKey), new AmazonS3Config
    {
        ServiceURL = options.Endpoint.AbsoluteUri,
        AuthenticationRegion = options.Region,
        ForcePathStyle = options.ForcePathStyle,
        IgnoreConfiguredEndpointUrls = true,
        RequestChecksumCalculation = options.ChecksumsOnlyWhenRequired ? RequestChecksumCalculation.WHEN_REQUIRED : RequestChecksumCalculation.WHEN_SUPPORTED,
        ResponseChecksumValidation = options.ChecksumsOnlyWhenRequired ? ResponseChecksumValidation.WHEN_REQUIRED : ResponseChecksumValidation.WHEN_SUPPORTED,
        MaxErrorRetry = 0,
        MaxStaleConnectionRetries = 0,
        ThrottleRetries = false,
        DisableLogging = true,
        HttpClientFactory = new OneClient(http),
    });

    private sealed class OneClient(HttpClient http) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => http;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
