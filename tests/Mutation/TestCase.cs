using System.Collections;
using System.Globalization;
using System.Reflection;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Flint.Mutation;

/// <summary>A test with one row of its data, called without a test runner: a thousand times as often a second as with one.</summary>
internal sealed class TestCase(string name, Type type, MethodInfo method, object?[] arguments)
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private const BindingFlags Anywhere = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.FlattenHierarchy;

    public string Name => name;

    public static List<TestCase> Find(Assembly assembly)
    {
        List<TestCase> cases = [];
        foreach (Type type in assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false }))
        {
            foreach (MethodInfo method in type.GetMethods(Declared))
            {
                object[] attributes = method.GetCustomAttributes(inherit: true);
                string name = $"{type.Name}.{method.Name}";
                object?[][] rows = [.. attributes.OfType<IDataAttribute>().SelectMany(data => Rows(data, type, method))];
                if (rows.Length > 0)
                {
                    cases.AddRange(rows.Select((row, i) => new TestCase($"{name}#{i}", type, method, Fit(method, row))));
                }
                else if (attributes.OfType<IFactAttribute>().Any())
                {
                    cases.Add(new TestCase(name, type, method, []));
                }
            }
        }

        return cases;
    }

    /// <returns>Null where the test passes or skips; otherwise why it fails.</returns>
    public string? Run(TimeSpan limit)
    {
        Task<string?> running = Task.Factory.StartNew(RunAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        return running.Wait(limit) ? running.Result : Stuck;
    }

    private async Task<string?> RunAsync()
    {
        object? instance = null;
        try
        {
            instance = method.IsStatic ? null : Activator.CreateInstance(type);
            switch (method.Invoke(instance, BindingFlags.OptionalParamBinding, null, arguments, null))
            {
                case Task task:
                    await task;
                    break;
                case ValueTask task:
                    await task;
                    break;
            }

            return null;
        }
        catch (Exception e)
        {
            Exception cause = e is TargetInvocationException { InnerException: { } inner } ? inner : e;
            return cause.Message.Contains("XunitDynamicSkip", StringComparison.Ordinal) ? null : $"{cause.GetType().Name}: {cause.Message.Split('\n')[0]}";
        }
        finally
        {
            (instance as IDisposable)?.Dispose();
        }
    }

    private static IEnumerable<object?[]> Rows(IDataAttribute data, Type type, MethodInfo method)
    {
        if (data is not MemberDataAttribute member)
        {
            return data.GetData(method, new DisposalTracker()).AsTask().GetAwaiter().GetResult().Select(row => row.GetData());
        }

        Type owner = member.MemberType ?? type;
        object? rows = owner.GetProperty(member.MemberName, Anywhere)?.GetValue(null)
            ?? owner.GetField(member.MemberName, Anywhere)?.GetValue(null)
            ?? owner.GetMethod(member.MemberName, Anywhere)!.Invoke(null, member.Arguments);
        return ((IEnumerable)rows!).Cast<object?>().Select(row => row switch
        {
            ITheoryDataRow theory => theory.GetData(),
            object?[] values => values,
            System.Runtime.CompilerServices.ITuple tuple => [.. Enumerable.Range(0, tuple.Length).Select(i => tuple[i])],
            _ => [row],
        });
    }

    private static object?[] Fit(MethodInfo method, object?[] values) => [.. method.GetParameters().Select((parameter, i) =>
    {
        object? value = i < values.Length ? values[i] : Type.Missing;
        Type wanted = parameter.ParameterType;
        return value is not IConvertible || wanted.IsInstanceOfType(value) ? value
            : wanted.IsEnum ? Enum.ToObject(wanted, value)
            : Convert.ChangeType(value, Nullable.GetUnderlyingType(wanted) ?? wanted, CultureInfo.InvariantCulture);
    })];

    public const string Stuck = "stuck";
}
