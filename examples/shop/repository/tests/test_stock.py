import unittest

from shop import stock
from shop.stock import Stock


class StockTest(unittest.TestCase):
    def setUp(self):
        self.stock = Stock({"tea": 3, "cup": 1})

    def test_available(self):
        self.assertEqual(self.stock.available("tea"), 3)

    def test_unknown_is_none_there(self):
        self.assertEqual(self.stock.available("pot"), 0)

    def test_take(self):
        self.stock.take("tea", 2)
        self.assertEqual(self.stock.available("tea"), 1)

    def test_never_more_than_there_is(self):
        with self.assertRaises(stock.OutOfStock) as caught:
            self.stock.take("cup", 2)
        self.assertEqual(caught.exception.item, "cup")
        self.assertEqual(self.stock.available("cup"), 1)

    def test_a_basket_is_taken_whole(self):
        self.stock.take_all({"tea": 1, "cup": 1})
        self.assertEqual((self.stock.available("tea"), self.stock.available("cup")), (2, 0))

    def test_or_not_at_all(self):
        with self.assertRaises(stock.OutOfStock):
            self.stock.take_all({"tea": 1, "cup": 2})
        self.assertEqual(self.stock.available("tea"), 3)
