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
            ("Y != 0", Below(other, parameters)),
            ("Y != 0, another one (control)", Below(other, parameters)),
            ("Y = 0, another lHash", key.Encrypt(new byte[32], RSAEncryptionPadding.OaepSHA1)),
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

        double[] reference = times[Reference];
        double limit = Cropped([.. times[Reference..].SelectMany(t => t)]);
        Console.WriteLine($"{count} of each; t (Welch, slowest tenth left out) and KS against \"{classes[Reference].Name}\"; |t| under 4.5 and KS under {KolmogorovBar(count):0.0000} say that the two were not told from each other.");
        Console.WriteLine($"{"ciphertext",-34} {"median µs",10} {"quartile µs",12} {"mean of the faster 90 %",24} {"t",8} {"KS",8}");
        for (int k = 0; k < classes.Length; k++)
        {
            double[] low = [.. times[k].Where(time => time <= limit)];
            double t = Welch(low, [.. reference.Where(time => time <= limit)]);
            double distance = Kolmogorov(times[k], reference);
            double[] sorted = [.. times[k].Order()];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{classes[k].Name,-34} {sorted[count / 2],10:0.00} {sorted[count / 4],12:0.00} {low.Average(),24:0.00} {t,8:0.00} {distance,8:0.0000}"));
        }
    }

    /// <summary>The time that nine of ten stay under: what is above it is the machine.</summary>
    private static double Cropped(double[] all) => all.Order().ElementAt(all.Length * 9 / 10);

    private static double Welch(double[] one, double[] other)
    {
        (double mean, double variance) = Moments(one);
        (double otherMean, double otherVariance) = Moments(other);
        return (mean - otherMean) / Math.Sqrt((variance / one.Length) + (otherVariance / other.Length) + double.Epsilon);
    }

    private static (double Mean, double Variance) Moments(double[] values)
    {
        double mean = values.Average();
        return (mean, values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1));
    }

    /// <summary>The largest distance between the two empirical distributions.</summary>
    private static double Kolmogorov(double[] one, double[] other)
    {
        double[] a = [.. one.Order()];
        double[] b = [.. other.Order()];
        double most = 0;
        for (int i = 0, j = 0; i < a.Length && j < b.Length;)
        {
            double at = Math.Min(a[i], b[j]);
            while (i < a.Length && a[i] <= at)
            {
                i++;
            }

            while (j < b.Length && b[j] <= at)
            {
                j++;
            }

            most = Math.Max(most, Math.Abs(((double)i / a.Length) - ((double)j / b.Length)));
        }

        return most;
    }

    /// <summary>The distance that two samples of one distribution exceed once in a thousand times.</summary>
    private static double KolmogorovBar(int count) => 1.95 * Math.Sqrt(2.0 / count);

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

    private const int Reference = 2;
}
