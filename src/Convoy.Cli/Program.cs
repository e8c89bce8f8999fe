Console.WriteLine("convoy");
