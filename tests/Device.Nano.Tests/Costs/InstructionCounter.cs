using System.Reflection;
using System.Runtime.Loader;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Flint.Device.Nano.Tests.Costs;

/// <summary>
/// Runs code of this assembly against a copy of the library in which each basic block adds its length to a counter, so that what is counted is
/// every IL instruction that the device's interpreter would execute of it. What the platform does, natively on the device, is not in the count.
/// </summary>
internal sealed class InstructionCounter : AssemblyLoadContext
{
    private static readonly Lazy<byte[]> Instrumented = new(Instrument);
    private readonly Assembly _tests;
    private readonly FieldInfo _count;

    public InstructionCounter()
        : base(nameof(InstructionCounter), isCollectible: true)
    {
        Assembly library = LoadFromStream(new MemoryStream(Instrumented.Value));
        _count = library.GetType(CounterType)!.GetField(CounterField)!;
        _tests = LoadFromAssemblyPath(typeof(InstructionCounter).Assembly.Location);
    }

    /// <summary>Calls a static method of this assembly that returns a delegate-free object, in its copy beside the counting library.</summary>
    public object Start(Type type) => Activator.CreateInstance(_tests.GetType(type.FullName!)!, nonPublic: true)!;

    /// <summary>How many instructions of the library a method of such an object executes.</summary>
    public long Count(object target, string method, params object[] arguments)
    {
        MethodInfo found = target.GetType().GetMethod(method, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)!;
        long before = (long)_count.GetValue(null)!;
        found.Invoke(target, arguments);
        return (long)_count.GetValue(null)! - before;
    }

    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name == LibraryName ? Assemblies.First(assembly => assembly.GetName().Name == LibraryName) : null;

    private static byte[] Instrument()
    {
        using AssemblyDefinition library = AssemblyDefinition.ReadAssembly(Path.Combine(AppContext.BaseDirectory, LibraryName + ".dll"));
        ModuleDefinition module = library.MainModule;
        var counter = new TypeDefinition("", CounterType, Mono.Cecil.TypeAttributes.Public | Mono.Cecil.TypeAttributes.Abstract | Mono.Cecil.TypeAttributes.Sealed, module.TypeSystem.Object);
        var count = new FieldDefinition(CounterField, Mono.Cecil.FieldAttributes.Public | Mono.Cecil.FieldAttributes.Static, module.TypeSystem.Int64);
        counter.Fields.Add(count);
        foreach (MethodDefinition method in module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody).ToList())
        {
            Instrument(method.Body, count);
        }

        module.Types.Add(counter);
        using var stream = new MemoryStream();
        library.Write(stream);
        return stream.ToArray();
    }

    private static void Instrument(Mono.Cecil.Cil.MethodBody body, FieldDefinition count)
    {
        body.SimplifyMacros();
        HashSet<Instruction> leaders = [body.Instructions[0]];
        foreach (Instruction instruction in body.Instructions)
        {
            switch (instruction.Operand)
            {
                case Instruction target:
                    leaders.Add(target);
                    break;
                case Instruction[] targets:
                    leaders.UnionWith(targets);
                    break;
                default:
                    break;
            }

            if (instruction.OpCode.FlowControl is FlowControl.Branch or FlowControl.Cond_Branch && instruction.Next is { } next)
            {
                leaders.Add(next);
            }
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            leaders.Add(handler.HandlerStart);
        }

        // A block's count goes in front of it, and into the place of its first instruction, so that jumps to the block pass by.
        ILProcessor processor = body.GetILProcessor();
        foreach (Instruction leader in leaders.ToList())
        {
            long length = 1;
            for (Instruction? one = leader.Next; one is not null && !leaders.Contains(one); one = one.Next)
            {
                length++;
            }

            Instruction first = Instruction.Create(OpCodes.Nop);
            first.OpCode = leader.OpCode;
            first.Operand = leader.Operand;
            processor.InsertAfter(leader, first);
            leader.OpCode = OpCodes.Ldsfld;
            leader.Operand = count;
            Instruction add = Instruction.Create(OpCodes.Ldc_I8, length);
            processor.InsertAfter(leader, add);
            processor.InsertAfter(add, Instruction.Create(OpCodes.Add));
            processor.InsertAfter(add.Next, Instruction.Create(OpCodes.Stsfld, count));
        }

        body.OptimizeMacros();
    }

    private const string LibraryName = "Flint.Device.Nano";
    private const string CounterType = "CountedInstructions";
    private const string CounterField = "Count";
}
