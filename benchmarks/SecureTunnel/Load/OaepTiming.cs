using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>
/// <c>benchmarks -- tunnel oaep [count]</c>: how long the server's step behind a ClientHello takes for a ciphertext that opens and for each way not to open, interleaved. A report, not a test: machines are
/// noisy, and what counts is whether the classes that fail can be told from each other.
/// </summary>
internal static class OaepTiming
{
    public static void Run(int count)
    {
        using RSA key = RSA.Create(2048);
        RSAParameters parameters = key.ExportParameters(false);
        using RSA other = RSA.Create(2048);
        byte[] small = new byte[256];
        small[255] = 2;
        (string Name, byte[] Ciphertext)[] classes =
        [
            ("a seed of 32 bytes", key.Encrypt(new byte[32], RSAEncryptionPadding.OaepSHA256)),
            ("a seed of 31 bytes", key.Encrypt(new byte[31], RSAEncryptionPadding.OaepSHA256)),
            ("Y = 0, another lHash (SHA-1)", key.Encrypt(new byte[32], RSAEncryptionPadding.OaepSHA1)),
            ("Y != 0 (another key's)", Below(other, parameters)),
            ("the number 2", small),
        ];
        double[][] times = [.. classes.Select(_ => new double[count])];
        byte[] opened = new byte[256];
        for (int i = 0; i < count; i++)
        {
            for (int k = 0; k < classes.Length; k++)
            {
                int which = (k + i) % classes.Length;
                long start = Stopwatch.GetTimestamp();
                SystemCrypto.Instance.TryOaepDecrypt(key, classes[which].Ciphertext, opened, out _);
                times[which][i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            }
        }

        Console.WriteLine($"{"ciphertext",-34} {"median µs",10} {"quartile µs",12} {"mean of the middle half µs",28}");
        for (int k = 0; k < classes.Length; k++)
        {
            Array.Sort(times[k]);
            double mean = times[k][(count / 4)..(count * 3 / 4)].Average();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{classes[k].Name,-34} {times[k][count / 2],10:0.00} {times[k][count / 4],12:0.00} {mean,28:0.00}"));
        }
    }

    private static byte[] Below(RSA other, RSAParameters modulus)
    {
        while (true)
        {
            byte[] ciphertext = other.Encrypt(new byte[32], RSAEncryptionPadding.OaepSHA256);
            if (ciphertext.AsSpan().SequenceCompareTo(modulus.Modulus) < 0)
            {
                return ciphertext;
            }
        }
    }
}
