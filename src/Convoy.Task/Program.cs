Console.WriteLine("convoy-task");
